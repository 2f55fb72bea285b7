/// Why a text is no host name.
struct HostNameError: Error {
    var message: String
    var remedy: [String]
}

/// Host names as a configuration writes them and a browser sends them: ASCII letters, digits, `-` and `_`, in labels.
enum HostName {
    /// The name in lower case without trailing dot. IPv4 addresses count as names; IPv6 addresses do not.
    static func parse(_ text: some StringProtocol) throws(HostNameError) -> String {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw HostNameError(
                message: "\(Display.quote(text)) is not in the ASCII form that browsers send",
                remedy: ["write the A-label (punycode) form that begins with \"xn--\"; \"idn2 NAME\" prints it"])
        }
        if let scheme = text.firstRange(of: "://") {
            let host = text[scheme.upperBound...].prefix { !"/?#:".contains($0) }
            throw HostNameError(
                message: "expected a host name, found the URL \(Display.quote(text))", remedy: instead(String(host)))
        }
        if text.utf8.contains(UInt8(ascii: "/")) {
            throw HostNameError(
                message: "expected a host name, found \(Display.quote(text)) with a path",
                remedy: instead(String(text.prefix { $0 != "/" })))
        }
        if text.utf8.contains(UInt8(ascii: ":")) {
            throw HostNameError(
                message: "expected a host name, found \(Display.quote(text)) with a port",
                remedy: instead(String(text.prefix { $0 != ":" })) + [
                    "a domain answers on every port that is listened on"
                ])
        }
        let name = text.lowercased()
        let bare = name.hasSuffix(".") ? String(name.dropLast()) : name
        guard isName(bare) else {
            throw HostNameError(
                message: "\(Display.quote(text)) is no host name",
                remedy: [
                    "a name has labels of 1 to 63 letters, digits, - and _ with dots between, 253 characters in all"
                ])
        }
        return bare
    }

    /// Whether `name` is made of labels, and an address if its last label looks like one (WHATWG URL, "ends in a
    /// number").
    private static func isName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, let last = labels.last, labels.allSatisfy(isLabel) else { return false }
        if last.utf8.allSatisfy(Names.isDigit) { return CIDR.addressBytes(name)?.count == 4 }
        return true
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { Names.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func instead(_ host: String) -> [String] {
        host.isEmpty ? [] : ["write \(Display.clean(host.lowercased()))"]
    }

    /// Whether `name` is `domain` or lies under it. Both are in lower case.
    static func lies(_ name: String, under domain: String) -> Bool {
        name == domain || name.hasSuffix(".\(domain)")
    }
}

extension HostPattern {
    /// A pattern as a certificate names it; nil if it is none.
    package init?(name: String) {
        do {
            self = try HostPattern(parsing: name)
        } catch {
            return nil
        }
    }

    /// A pattern as a domain list file writes it: a host name, or `*.` and a host name.
    init(parsing text: some StringProtocol) throws(HostNameError) {
        guard text.contains("*") else {
            self = .exact(try HostName.parse(text))
            return
        }
        let rest = text.dropFirst(2)
        guard text.hasPrefix("*."), !rest.contains("*"), !rest.isEmpty else {
            throw HostNameError(
                message: "\(Display.quote(text)) is no wildcard",
                remedy: ["a * stands for one whole label in front: *.members.example"])
        }
        let name = try HostName.parse(rest)
        guard CIDR.addressBytes(name) == nil else {
            throw HostNameError(message: "an IP address cannot have a wildcard", remedy: ["write \(name)"])
        }
        self = .wildcard(name)
    }
}
