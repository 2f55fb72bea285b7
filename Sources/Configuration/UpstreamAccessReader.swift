/// Reads what a line of a domain list file says about how its upstream is reached: `tls_…` and `…_timeout`.
struct UpstreamAccessReader {
    static let keys = [
        "connect_timeout", "idle_timeout", "response_timeout", "tls_ca", "tls_cert", "tls_key", "tls_name",
        "tls_verify",
    ]

    let list: DomainListReader
    private let isSecure: Bool
    private var access = UpstreamAccess()
    private var columns: [String: Int] = [:]

    /// - Parameter upstreams: what the settings are for; nil if that has mistakes.
    init(list: DomainListReader, upstreams: [UpstreamAddress]?) {
        self.list = list
        isSecure = upstreams?.contains(where: \.isSecure) ?? true
    }

    /// Takes a setting; false if it is none of ours.
    mutating func read(_ key: String, _ value: String, _ column: Int) -> Bool {
        guard Self.keys.contains(key) else { return false }
        columns[key] = column
        switch key {
        case "connect_timeout": access.connectTimeout = duration(key, value, column)
        case "response_timeout": access.responseTimeout = duration(key, value, column)
        case "idle_timeout": access.idleTimeout = duration(key, value, column)
        case "tls_verify": access.tls.verifies = verifies(value, column)
        case "tls_name": access.tls.name = name(value, column)
        case "tls_ca": access.tls.ca = path(key, value, column)
        case "tls_cert": access.tls.cert = path(key, value, column)
        default: access.tls.key = path(key, value, column)
        }
        return true
    }

    /// Reports settings that do not go together.
    func finish() -> UpstreamAccess {
        if !isSecure, let (key, column) = columns.filter({ $0.key.hasPrefix("tls_") }).min(by: { $0.value < $1.value })
        {
            list.report(
                column, "\(key) means nothing to an upstream without TLS",
                ["remove the setting, or write https:// before the address"])
        }
        if let column = columns["tls_key"], columns["tls_cert"] == nil {
            list.report(column, "tls_key means nothing without tls_cert", ["name the certificate, too: tls_cert=FILE"])
        }
        if !access.tls.verifies, let column = columns["tls_ca"] {
            list.report(
                column, "tls_ca means nothing with tls_verify=off",
                ["remove tls_verify=off: with tls_ca there is somebody to believe"])
        }
        return access
    }

    private func duration(_ key: String, _ value: String, _ column: Int) -> Int64? {
        guard let milliseconds = DurationText.parse(value) else {
            let isNumber = !value.isEmpty && value.utf8.allSatisfy(Names.isDigit)
            list.report(
                column, "\(key): expected a duration like 10s, found \(Display.quote(value))",
                [isNumber ? "add the unit: \(key)=\(value)s" : "one whole number with ms, s, m, h or d"])
            return nil
        }
        guard (1...86_400_000).contains(milliseconds) else {
            list.report(
                column, "\(key): \(Display.quote(value)) is out of range", ["write a duration from 1ms to 1d"])
            return nil
        }
        return milliseconds
    }

    private func verifies(_ value: String, _ column: Int) -> Bool {
        switch value {
        case "on": return true
        case "off": return false
        default:
            list.report(
                column, "tls_verify: expected on or off, found \(Display.quote(value))",
                ["on is the default; to trust an authority of your own, write tls_ca=FILE"])
            return true
        }
    }

    private func name(_ value: String, _ column: Int) -> String? {
        do {
            let name = try HostName.parse(value)
            // An address cannot be asked for by SNI (RFC 6066 §3).
            guard CIDR.addressBytes(name) == nil else {
                list.report(
                    column, "tls_name: \(name) is an address",
                    ["write a name that the certificate is for; without tls_name, the upstream's own address counts"])
                return nil
            }
            return name
        } catch {
            list.report(column, "tls_name: \(error.message)", error.remedy)
            return nil
        }
    }

    private func path(_ key: String, _ value: String, _ column: Int) -> String? {
        guard !value.isEmpty, !value.utf8.contains(0) else {
            list.report(column, "\(key): expected the path of a file", ["write \(key)=FILE"])
            return nil
        }
        return FilePath.resolve(value, beside: list.file)
    }
}

extension DomainListReader {
    /// The addresses of the upstream column, with commas between; nil if any of them has a mistake.
    func readUpstreams(_ word: Word) -> [UpstreamAddress]? {
        var found: [UpstreamAddress] = []
        var hasMistake = false
        var column = word.column
        for text in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            do throws(AddressError) {
                let address = try UpstreamAddress(parsing: String(text), beside: file)
                if found.contains(address) {
                    throw AddressError(message: "\(address) is listed twice", remedy: ["remove one of the two"])
                }
                found.append(address)
            } catch {
                report(column, error.message, error.remedy)
                hasMistake = true
            }
            column += text.unicodeScalars.count + 1
        }
        return hasMistake ? nil : found
    }
}

extension UpstreamAccess {
    /// The settings as a line of a domain list file has them, each with a space before it; those that say nothing are
    /// left out.
    var effective: String {
        var text = ""
        func add(_ key: String, _ value: String?) { if let value { text += " \(key)=\(value)" } }
        add("connect_timeout", connectTimeout.map { DurationText.format(milliseconds: $0) })
        add("response_timeout", responseTimeout.map { DurationText.format(milliseconds: $0) })
        add("idle_timeout", idleTimeout.map { DurationText.format(milliseconds: $0) })
        add("tls_ca", tls.ca)
        add("tls_name", tls.name)
        add("tls_verify", tls.verifies ? nil : "off")
        add("tls_cert", tls.cert)
        add("tls_key", tls.key)
        return text
    }
}
