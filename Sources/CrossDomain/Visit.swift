/// What the ladder needs to know of a request: who asks for what, from where, and with which cookies of ours.
///
/// A plain value, so that every rule can be tested without a connection.
public struct Visit: Sendable {
    /// Our own cookies of the request, with every value of a name that came twice.
    public struct Cookies: Equatable, Sendable {
        /// Values of the session cookie.
        public var session: [String] = []
        /// Values of the cookie that serves cross-site checks on the primary.
        public var check: [String] = []
        /// Values of the nonce that binds a handshake to the browser.
        public var nonce: [String] = []
        /// Whether a handshake was tried a short while ago.
        public var hasTried = false
        /// Whether the visitor consented, where the group asks for a cookie that says so.
        public var hasConsent = false

        /// No cookies.
        public init() {}
    }

    /// The domain as the browser addresses it.
    public var site: Site
    /// The request method.
    public var method: String
    /// The request target in origin form (path and query), the ticket parameter still in it.
    public var target: String
    /// Fetch metadata.
    public var fetch: FetchMetadata
    /// Our cookies.
    public var cookies: Cookies
    /// `Origin`, if sent.
    public var origin: String?
    /// `Referer`, if sent.
    public var referer: String?
    /// Whether a client without fetch metadata asks for a page: `Accept` names `text/html` and no script sent it.
    public var acceptsPage: Bool

    /// Puts a visit together.
    public init(
        site: Site, method: String, target: String, fetch: FetchMetadata = .init(), cookies: Cookies = .init(),
        origin: String? = nil, referer: String? = nil, acceptsPage: Bool = false
    ) {
        self.site = site
        self.method = method
        self.target = target
        self.fetch = fetch
        self.cookies = cookies
        self.origin = origin
        self.referer = referer
        self.acceptsPage = acceptsPage
    }

    /// Whether this loads a page; see ``FetchMetadata/isPage(acceptsPage:)``.
    public var isPage: Bool { fetch.isPage(acceptsPage: acceptsPage) }
}
