/// One line of a domain list file: a host name with the upstream that serves it.
public struct Domain: Sendable, Equatable {
    /// The host names that this domain answers for.
    public var pattern: HostPattern
    /// What serves it.
    public var upstream: UpstreamAddress
    /// The app it belongs to: custody of app cookies is kept per app. Default: the upstream's canonical text, so that
    /// domains with the same upstream are one app.
    public var app: String
    /// Which of its pages the loader is put into, by their paths. Default: as the group says.
    public var inject: PathPatterns
    /// The `Domain` attribute of the session cookie, lower case without leading dot; nil: the cookie is for the host
    /// alone.
    public var cookieDomain: String?
    /// The file that the domain was read from; empty if none.
    public var file: String
    /// The line in that file, from 1; 0 if none.
    public var line: Int

    /// Creates a domain; whatever is left out has its documented default.
    public init(
        pattern: HostPattern, upstream: UpstreamAddress, app: String? = nil, inject: PathPatterns = .everywhere,
        cookieDomain: String? = nil, file: String = "", line: Int = 0
    ) {
        self.pattern = pattern
        self.upstream = upstream
        self.app = app ?? upstream.description
        self.inject = inject
        self.cookieDomain = cookieDomain
        self.file = file
        self.line = line
    }

    /// Whether the loader is put into pages at this path: the raw path as the app sees it, without query.
    public func isInjected(path: some Collection<UInt8>) -> Bool { inject.includes(path) }
}

/// The host names that a domain answers for. Names are lower case, ASCII (IDNA A-labels, RFC 5890), without a trailing
/// dot.
public enum HostPattern: Sendable, Hashable, CustomStringConvertible {
    /// This name.
    case exact(String)
    /// Every name with exactly one label before this one, as a certificate's wildcard (RFC 9525 §6.3):
    /// `*.members.example` is `.wildcard("members.example")` and answers for `ada.members.example`, not for
    /// `members.example` or `a.b.members.example`.
    case wildcard(String)

    /// The name, without the `*.` of a wildcard.
    public var name: String {
        switch self {
        case .exact(let name), .wildcard(let name): name
        }
    }

    /// Whether this is a wildcard.
    public var isWildcard: Bool {
        if case .wildcard = self { true } else { false }
    }

    /// As written in a domain list file.
    public var description: String {
        switch self {
        case .exact(let name): name
        case .wildcard(let name): "*.\(name)"
        }
    }
}

/// What serves a domain. Its description is the canonical text that makes two equal addresses the same app.
public enum UpstreamAddress: Sendable, Hashable, CustomStringConvertible {
    /// HTTP/1.1 over TCP. The host is a lower-case name or an IP address without brackets; the port is 1 to 65535.
    case tcp(host: String, port: Int)
    /// HTTP/1.1 over a Unix socket.
    case unix(path: String)

    /// `http://host:port` or `unix:path`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
