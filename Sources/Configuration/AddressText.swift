/// What is wrong with an address, and what to write.
struct AddressError: Error {
    var message: String
    var remedy: [String] = []
}

/// `host:port`, `[v6]:port`.
enum AddressText {
    /// Splits and checks; the host is in lower case and without brackets. The port is nil if none is written.
    static func hostAndPort(_ text: some StringProtocol) throws(AddressError) -> (host: String, port: Int?) {
        let host: String
        var rest: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw AddressError(message: "the ] is missing") }
            host = String(text[text.index(after: text.startIndex)..<close]).lowercased()
            rest = Substring(text[text.index(after: close)...])
            guard CIDR.addressBytes(host)?.count == 16 else {
                throw AddressError(message: "\(Display.quote(host)) is no IPv6 address")
            }
        } else {
            let name = text.prefix { $0 != ":" }
            rest = Substring(text[name.endIndex...])
            if rest.dropFirst().contains(":") {
                let isAddress = CIDR.addressBytes(String(text)) != nil
                throw AddressError(
                    message: "\(Display.quote(text)) is no HOST:PORT",
                    remedy: [isAddress ? "an IPv6 address has brackets: [\(text)]:PORT" : "write only HOST:PORT"])
            }
            do {
                host = try HostName.parse(name)
            } catch {
                throw AddressError(message: error.message, remedy: error.remedy)
            }
        }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.hasPrefix(":") else { throw AddressError(message: "expected a port after the ]") }
        rest = rest.dropFirst()
        guard (1...5).contains(rest.utf8.count), rest.utf8.allSatisfy(Names.isDigit), let port = Int(rest),
            port <= 65535
        else {
            throw AddressError(
                message: "\(Display.quote(rest)) is no port", remedy: ["a port is a number up to 65535"])
        }
        return (host, port)
    }

    /// The path of a Unix socket. The kernel's address holds 107 bytes.
    static func socketPath(_ path: String) throws(AddressError) -> String {
        guard !path.isEmpty else { throw AddressError(message: "the path of the socket is missing") }
        guard path.utf8.count <= 107 else {
            throw AddressError(
                message: "the path of the socket is longer than the 107 bytes that the system allows",
                remedy: ["move the socket to a shorter path"])
        }
        return path
    }
}

extension AddressText {
    /// The name after `systemd:`; nil if there is none. The characters are those of systemd's FileDescriptorName=.
    fileprivate static func descriptorName(_ text: String) throws(AddressError) -> String? {
        guard text.hasPrefix("systemd:") else { return nil }
        let name = text.dropFirst(8)
        guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }) else {
            throw AddressError(
                message: "\(Display.quote(name)) is no name of a socket",
                remedy: ["write what FileDescriptorName= says in the .socket unit, or \"systemd\" for all of them"])
        }
        return String(name)
    }
}

extension ListenAddress {
    /// An address as `[listen]` writes it. A relative path of a socket is seen from the directory of `file`.
    init(parsing text: String, beside file: String) throws(AddressError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            self = .unix(path: try AddressText.socketPath(path.isEmpty ? path : FilePath.resolve(path, beside: file)))
            return
        }
        if text == "systemd" || text.hasPrefix("systemd:") {
            self = .systemd(name: try AddressText.descriptorName(text))
            return
        }
        let port = text.drop { $0 == "*" }
        if port.hasPrefix(":"), port.dropFirst().utf8.allSatisfy(Names.isDigit) {
            throw AddressError(
                message: "the address is missing",
                remedy: ["write \"0.0.0.0\(port)\" for every IPv4 address of this machine"])
        }
        let (host, number) = try AddressText.hostAndPort(text)
        guard let number else { throw AddressError(message: "the port is missing", remedy: ["write \"\(text):8080\""]) }
        self = .tcp(host: host, port: number)
    }
}

extension UpstreamAddress {
    /// An upstream as a domain list file writes it. A relative path of a socket is seen from the directory of `file`.
    init(parsing text: String, beside file: String) throws(AddressError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            self = .unix(path: try AddressText.socketPath(path.isEmpty ? path : FilePath.resolve(path, beside: file)))
            return
        }
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            let looksLikeAddress = (try? AddressText.hostAndPort(text)) != nil && text.contains(":")
            throw AddressError(
                message: "expected an upstream, found \(Display.quote(text))",
                remedy: [
                    looksLikeAddress
                        ? "write http://\(text)" : "write http://HOST:PORT, https://HOST:PORT or unix:PATH"
                ])
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw AddressError(
                message: "an upstream has no user name or password", remedy: ["write \(scheme)HOST:PORT"])
        }
        guard ["", "/"].contains(rest.dropFirst(authority.count)) else {
            throw AddressError(
                message: "an upstream has no path", remedy: ["write \(scheme)\(Display.clean(String(authority)))"])
        }
        let (host, port) = try AddressText.hostAndPort(authority)
        guard port != 0 else { throw AddressError(message: "port 0 cannot be connected to") }
        self = scheme == "http://" ? .tcp(host: host, port: port ?? 80) : .tls(host: host, port: port ?? 443)
    }
}
