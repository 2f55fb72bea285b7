/// The outside address of a domain, as browsers write it: scheme, host and port.
///
/// Domain lists name hosts only. All domains of a group are reached through one listener, so a sibling's scheme and port
/// are those of the request at hand; an origin is compared with all three (RFC 6454 §5).
public struct Site: Hashable, Sendable {
    /// `http` or `https`.
    public let scheme: String
    /// The host name in lower case, without port.
    public let host: String
    /// The port as written in the request's authority, nil where it is the scheme's default.
    public let port: Int?

    /// Puts a site together; the scheme's default port is dropped.
    public init(scheme: String, host: String, port: Int?) {
        self.scheme = scheme
        self.host = host
        self.port = port == (scheme == "https" ? 443 : 80) ? nil : port
    }

    /// Reads `host[:port]` of a `Host` field; nil for an impossible port.
    public init?(scheme: String, authority: String) {
        guard let (host, port) = Self.split(authority) else { return nil }
        self.init(scheme: scheme, host: host, port: port)
    }

    /// Reads a serialised origin or the origin of an absolute URL; nil for `null`, another scheme or user information.
    public init?(url: String) {
        guard let colon = url.firstIndex(of: ":") else { return nil }
        let scheme = url[..<colon].lowercased()
        let rest = url[url.index(after: colon)...]
        guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return nil }
        self.init(scheme: scheme, authority: String(authority))
    }

    /// `scheme://host[:port]`, the origin's serialisation.
    public var origin: String {
        port.map { "\(scheme)://\(host):\($0)" } ?? "\(scheme)://\(host)"
    }

    /// The domain `host` of the same group, reached the same way.
    public func sibling(_ host: String) -> Site {
        Site(scheme: scheme, host: host, port: port)
    }

    private static func split(_ authority: String) -> (String, Int?)? {
        guard let colon = authority.lastIndex(of: ":") else {
            return authority.isEmpty ? nil : (authority.lowercased(), nil)
        }
        let digits = authority[authority.index(after: colon)...]
        let host = authority[..<colon]
        guard !host.isEmpty, !host.contains(":") else { return nil }  // IPv6 literals are no domain of a list
        if digits.isEmpty { return (host.lowercased(), nil) }
        guard digits.count <= 5, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let port = Int(digits), port <= 65535
        else { return nil }
        return (host.lowercased(), port)
    }
}
