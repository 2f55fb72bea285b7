/// One line of a domain list file: a host name with the upstream that serves it.
public struct Domain: Sendable, Equatable {
    /// The host names that this domain answers for.
    public var pattern: HostPattern
    /// What serves it.
    public var upstream: UpstreamAddress
    /// Further addresses that serve it as well as ``upstream`` does.
    public var alternatives: [UpstreamAddress]
    /// How the upstream is reached.
    public var access: UpstreamAccess
    /// The app it belongs to: custody of app cookies is kept per app. Default: the upstream's canonical text with all its
    /// addresses, so that domains with the same upstream are one app.
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
        pattern: HostPattern, upstream: UpstreamAddress, alternatives: [UpstreamAddress] = [],
        access: UpstreamAccess = UpstreamAccess(), app: String? = nil, inject: PathPatterns = .everywhere,
        cookieDomain: String? = nil, file: String = "", line: Int = 0
    ) {
        self.pattern = pattern
        self.upstream = upstream
        self.alternatives = alternatives
        self.access = access
        self.app = app ?? Self.text([upstream] + alternatives)
        self.inject = inject
        self.cookieDomain = cookieDomain
        self.file = file
        self.line = line
    }

    /// All the addresses that serve it, in the order of the list.
    public var upstreams: [UpstreamAddress] { [upstream] + alternatives }

    /// The addresses as a domain list file writes them.
    public var upstreamText: String { Self.text(upstreams) }

    private static func text(_ addresses: [UpstreamAddress]) -> String {
        addresses.map(\.description).joined(separator: ",")
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
    /// HTTP/1.1 over TLS over TCP; host and port as with ``tcp(host:port:)``.
    case tls(host: String, port: Int)
    /// HTTP/1.1 over a Unix socket.
    case unix(path: String)

    /// `http://host:port`, `https://host:port` or `unix:path`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "http://\(Self.bracketed(host)):\(port)"
        case .tls(let host, let port): "https://\(Self.bracketed(host)):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether it is spoken to by TLS.
    public var isSecure: Bool {
        if case .tls = self { true } else { false }
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

/// How the upstream of a domain is reached: what the settings of its line say.
public struct UpstreamAccess: Sendable, Hashable {
    /// `tls_…`: how an upstream with `https://` proves who it is.
    public struct TLS: Sendable, Hashable {
        /// The file with the certificates of the authorities that are believed, in PEM form; nil: those of the system.
        public var ca: String?
        /// The name that is asked for (SNI) and that the certificate must be for, lower case; nil: the address's own.
        public var name: String?
        /// Whether certificates are looked at at all. Default: true.
        public var verifies: Bool
        /// The file with the certificate that is shown to the upstream, and those that lead to its root; nil: none.
        public var cert: String?
        /// The file with its key; nil: it is in the same file.
        public var key: String?

        /// Creates the settings; the defaults are the documented ones.
        public init(
            ca: String? = nil, name: String? = nil, verifies: Bool = true, cert: String? = nil, key: String? = nil
        ) {
            self.ca = ca
            self.name = name
            self.verifies = verifies
            self.cert = cert
            self.key = key
        }
    }

    /// How TLS is spoken, where it is.
    public var tls: TLS
    /// `connect_timeout`, in milliseconds; nil: as ``Configuration/Timeouts`` say.
    public var connectTimeout: Int64?
    /// `response_timeout`, in milliseconds; nil: as ``Configuration/Timeouts`` say.
    public var responseTimeout: Int64?
    /// `idle_timeout`, in milliseconds; nil: as ``Configuration/Timeouts`` say.
    public var idleTimeout: Int64?

    /// Creates the settings; the defaults are the documented ones.
    public init(
        tls: TLS = TLS(), connectTimeout: Int64? = nil, responseTimeout: Int64? = nil, idleTimeout: Int64? = nil
    ) {
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.idleTimeout = idleTimeout
    }
}
