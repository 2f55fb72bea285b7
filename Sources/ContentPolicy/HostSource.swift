/// A `host-source` (CSP3 §2.3.1): `[scheme://] host [:port] [/path]`, split but not yet compared.
struct HostSource {
    enum Port: Equatable {
        /// None is written: the default port of the address's scheme.
        case standard
        case any
        case number(Int)
    }

    /// Nil where no scheme is written.
    let scheme: Bytes?
    let host: Bytes
    let port: Port
    /// With its leading slash; empty where none is written.
    let path: Bytes

    init?(_ expression: Bytes) {
        var rest = expression
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")), rest[colon...].starts(with: "://".utf8) {
            scheme = rest[..<colon]
            rest = rest[colon...].dropFirst(3)
        } else {
            scheme = nil
        }
        let pathStart = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        path = rest[pathStart...]
        guard let (host, port) = Self.split(rest[..<pathStart]) else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// `host[:port]`; nil where the port is empty or no port number.
    static func split(_ authority: Bytes) -> (host: Bytes, port: Port)? {
        guard let colon = authority.firstIndex(of: UInt8(ascii: ":")) else { return (authority, .standard) }
        let digits = authority[colon...].dropFirst()
        if digits.elementsEqual([UInt8(ascii: "*")]) { return (authority[..<colon], .any) }
        guard !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        guard significant.count <= 5 else { return nil }
        // Five digits: no overflow.
        let number = significant.reduce(0) { $0 &* 10 &+ Int($1 &- 0x30) }
        return number <= 65535 ? (authority[..<colon], .number(number)) : nil
    }
}

extension SourceURL {
    /// Whether a source expression allows this address in a page of `origin` (CSP3 §6.7.2.8).
    ///
    /// Where engines differ from the standard or from each other (`ws:` as a promise for `http:`, port 80 as a promise
    /// for 443, a query behind a path) the answer is no: allowing once more what is allowed already does no harm.
    func matches(_ expression: Bytes, from origin: SourceURL) -> Bool {
        if expression.elementsEqual([UInt8(ascii: "*")]) { return true }
        if expression.first == UInt8(ascii: "'") { return expression.equalsFolded("'self'") && isSelf(origin) }
        if expression.last == UInt8(ascii: ":") { return scheme.matches(expression.dropLast()) }
        guard let source = HostSource(expression) else { return false }
        let schemeMatches = source.scheme.map(scheme.matches) ?? (scheme == .https || origin.scheme == .http)
        return schemeMatches && hostMatches(source.host) && portMatches(source.port) && pathMatches(source.path)
    }

    /// `'self'` includes the upgrade to https, on the same port or from default port to default port.
    private func isSelf(_ origin: SourceURL) -> Bool {
        host == origin.host && (port == origin.port || isDefaultPort && origin.isDefaultPort)
            && (scheme == .https || origin.scheme == .http)
    }

    /// CSP3 §6.7.2.10. A wildcard stands for one or more labels, never for none.
    private func hostMatches(_ pattern: Bytes) -> Bool {
        guard pattern.first == UInt8(ascii: "*") else { return isExpressible && host.equalsFolded(pattern) }
        let rest = pattern.dropFirst()
        if rest.isEmpty { return true }
        return rest.first == UInt8(ascii: ".") && rest.count > 1 && host.suffix(rest.count).equalsFolded(rest)
    }

    /// CSP3 §6.7.2.11.
    private func portMatches(_ pattern: HostSource.Port) -> Bool {
        switch pattern {
        case .any: true
        case .standard: isDefaultPort
        case .number(let number): number == port
        }
    }

    /// CSP3 §6.7.2.12: the whole path, or everything below one that ends with a slash; segments are decoded one by one,
    /// so that an encoded slash separates nothing.
    private func pathMatches(_ path: Bytes) -> Bool {
        if path.isEmpty { return true }
        let pattern = Self.segments(of: path)
        guard pattern.last?.isEmpty == true else { return pattern == segments }
        return pattern.count <= segments.count && segments.starts(with: pattern.dropLast())
    }
}

extension SourceURL.Scheme {
    /// CSP3 §6.7.2.9: `http` is also good for `https`.
    fileprivate func matches(_ pattern: Bytes) -> Bool {
        pattern.equalsFolded("https") ? self == .https : pattern.equalsFolded("http")
    }
}
