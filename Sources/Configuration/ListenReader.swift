/// Reads the sections about the front door: `[listen]` and `[tls]`.
struct ListenReader {
    let file: String

    func read(_ table: TableReader, _ tls: TableReader, into configuration: inout Configuration) {
        var table = table
        readListen(&table, &configuration.listen)
        readTLS(tls, &configuration.tls)
        if !configuration.listen.https.isEmpty, tls.position(of: "certificate") == nil,
            let position = table.position(of: "https")
        {
            table.report(
                position, "listen.https: there is no certificate",
                ["name the files: [[tls.certificate]] and under it cert = \"certs/shop.example.pem\""])
        }
    }

    // MARK: [listen]

    private func readListen(_ table: inout TableReader, _ listen: inout Configuration.Listen) {
        let http = addresses("http", "0.0.0.0:8080", &table)
        let https = addresses("https", "0.0.0.0:8443", &table)
        if let https { listen.https = https.map(\.value) }
        if let http {
            listen.http = http.map(\.value)
            if http.isEmpty, listen.https.isEmpty, let position = table.position(of: "http") {
                table.report(position, "listen.http: expected at least one address", ["write \"0.0.0.0:8080\""])
            }
        }
        for address in https ?? [] where listen.http.contains(address.value) && address.value.isFixed {
            table.report(
                address.position, "listen.https: \(address.value) is in http, too", ["one port speaks one of the two"])
        }
        table.read("http2", .boolean, into: &listen.http2)
        readRedirect(&table, &listen)
        for network in table.readList("trusted_proxies", .text("a network like \"10.0.0.0/8\"")) ?? [] {
            guard let parsed = CIDR(network.value) else {
                table.report(
                    network.position, "listen.trusted_proxies: \(Display.quote(network.value)) is no network",
                    ["write an IP address, or one with the length of its prefix and no bits after it: \"10.0.0.0/8\""])
                continue
            }
            listen.trustedProxies.append(parsed)
        }
        readTransport(&table, &listen)
        table.finish()
    }

    private func readTransport(_ table: inout TableReader, _ listen: inout Configuration.Listen) {
        let header = table.read("proxy_protocol", .boolean, into: &listen.proxyProtocol)
        // The peer of a Unix socket needs no network to be trusted by.
        let hasUnixSocket = (listen.http + listen.https).contains { if case .tcp = $0 { false } else { true } }
        if let header, listen.proxyProtocol, listen.trustedProxies.isEmpty, !hasUnixSocket,
            table.position(of: "trusted_proxies") == nil
        {
            table.report(
                header, "listen.proxy_protocol: nobody is believed, and every connection would be closed",
                ["name the proxies that send the header: trusted_proxies = [\"10.0.0.0/8\"]"])
        }
        table.read("reuse_port", .boolean, into: &listen.reusePort)
        if let mode = table.read("unix_mode", .text("a file mode like \"0660\"")) {
            if let bits = FileMode.parse(mode.value) {
                listen.unixMode = bits
            } else {
                table.report(
                    mode.position, "listen.unix_mode: \(Display.quote(mode.value)) is no file mode",
                    ["write three or four octal digits: \"0660\" lets the owner and the group connect"])
            }
        }
    }

    private func readRedirect(_ table: inout TableReader, _ listen: inout Configuration.Listen) {
        let redirect = table.read("redirect_https", .boolean, into: &listen.redirectHTTPS)
        if let redirect, listen.redirectHTTPS, table.position(of: "https") == nil {
            table.report(
                redirect, "listen.redirect_https: there is no https to redirect to",
                ["add https = \"0.0.0.0:8443\" and [[tls.certificate]], or let the TLS terminator redirect"])
        }
        if table.read("https_port", .integer(1...65535), into: &listen.httpsPort) == nil {
            for case .tcp(_, let port) in listen.https where port > 0 {
                listen.httpsPort = port
                break
            }
        }
    }

    /// The addresses of a key with their places; nil if the key is absent.
    private func addresses(
        _ key: String, _ example: String, _ table: inout TableReader
    ) -> [Located<ListenAddress>]? {
        let format = ValueFormat.text("an address like \"\(example)\" or \"unix:/run/tombolo.sock\"")
        guard let texts = table.readList(key, format) else { return nil }
        var found: [Located<ListenAddress>] = []
        for text in texts {
            do {
                let parsed = try ListenAddress(parsing: text.value, beside: file)
                if found.contains(where: { $0.value == parsed }) {
                    table.report(text.position, "listen.\(key): \(parsed) is listed twice")
                }
                found.append(Located(value: parsed, position: text.position))
            } catch {
                table.report(text.position, "listen.\(key): \(error.message)", error.remedy)
            }
        }
        // What is wrong has been reported; it is not to look as if nothing had been written.
        return found.isEmpty && !texts.isEmpty ? nil : found
    }

    // MARK: [tls]

    private func readTLS(_ table: TableReader, _ tls: inout Configuration.TLS) {
        var table = table
        table.read("min_version", .choice(), into: &tls.minVersion)
        let remedy = ["write [[tls.certificate]] on a line of its own, and under it cert = \"certs/shop.example.pem\""]
        guard let entries = table.tables("certificate", single: true, remedy: remedy) else {
            // Made known all the same, so that the list of keys does not depend on what is written.
            var absent = table.emptyTable("certificate")
            _ = (absent.has("cert"), absent.has("key"))
            return table.finish()
        }
        for var entry in entries {
            let cert = entry.require("cert", .path, "name the PEM file with the certificate, or a folder of them")
            let key = entry.read("key", .path)
            entry.finish()
            guard let cert else { continue }
            tls.certificates.append(
                Configuration.CertificateFile(
                    cert: FilePath.resolve(cert.value, beside: file),
                    key: key.map { FilePath.resolve($0.value, beside: file) }, file: file, line: cert.position.line,
                    column: cert.position.column))
        }
        table.finish()
    }
}

extension ListenAddress {
    /// Whether two listeners cannot both have it; of port 0 everybody gets another.
    fileprivate var isFixed: Bool {
        if case .tcp(_, 0) = self { false } else { true }
    }
}

/// The permissions of a file, as chmod(1) writes them.
enum FileMode {
    /// Three octal digits, or four of which the first is 0; nil for anything else.
    static func parse(_ text: String) -> UInt32? {
        let digits = text.utf8.count == 4 && text.hasPrefix("0") ? text.dropFirst() : Substring(text)
        guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return UInt32(digits, radix: 8)
    }

    /// Four octal digits.
    static func format(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
