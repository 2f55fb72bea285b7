/// `[[group]]`: the domains of one domain list file. They share sessions, cookie settings and one primary.
public struct Group: Sendable, Equatable {
    /// The name of the group: 1 to 64 of `A-Z a-z 0-9 _ -`; sealed into every handle and ticket, so renaming a group
    /// ends its sessions.
    public var name: String
    /// The path of the domain list file.
    public var domainsFile: String
    /// The domains, in the order of the file.
    public var domains: [Domain]
    /// The host name of the primary, lower case; one of the exact domains.
    public var primary: String
    /// The session cookie.
    public var cookie: CookieSettings
    /// When sessions end.
    public var timeouts: Timeouts
    /// Names of app cookies that are taken into custody. Default: none.
    public var shareCookies: [String]
    /// How Tombolo learns that the app has a user, tried in this order. Default: none; the response header
    /// ``HeaderNames/user`` always works.
    public var login: [LoginSignal]
    /// When the top-level round trip to the primary is used. Default: ``Handshake/auto``.
    public var handshake: Handshake
    /// Least time between two checks of one browser, in seconds. Default: 10 min.
    public var checkInterval: Int64
    /// What a page does after its session was replaced. Default: ``Reload/always``.
    public var reload: Reload
    /// Who wins when two domains have different users. Default: ``Conflict/primary``.
    public var conflict: Conflict
    /// The decision table. Default: ``Policy/tombolo``.
    public var policy: Policy
    /// The query parameter that carries a ticket. Default: `tombolo-ticket`; 1 to 64 of `A-Z a-z 0-9 _ -`.
    public var ticketParameter: String
    /// How long a ticket may travel, in seconds. Default: 60 s; 1 to 120.
    public var ticketLifetime: Int64
    /// Whether the loader adds tickets to links and forms. Default: true.
    public var links: Bool
    /// Whether a `Location` that leads to a sibling gets a ticket. Default: true.
    public var locations: Bool
    /// Whether the loader asks the primary with `fetch`. Default: true.
    public var fetch: Bool
    /// Which pages the loader is put into, unless a domain says otherwise. Default: all.
    public var inject: PathPatterns
    /// The cookie whose presence means that the visitor consented; nil: no consent is asked for. Default: nil.
    public var consentCookie: String?
    /// What a request gets that needs the store while the store fails. Default: ``StoreFailure/anonymous``.
    public var storeFailure: StoreFailure
    /// The names of the header fields between Tombolo and the apps.
    public var headers: HeaderNames

    /// Creates a group; whatever is left out has its documented default.
    public init(
        name: String, domainsFile: String = "", domains: [Domain] = [], primary: String,
        cookie: CookieSettings = CookieSettings(), timeouts: Timeouts = Timeouts(), shareCookies: [String] = [],
        login: [LoginSignal] = [], handshake: Handshake = .auto, checkInterval: Int64 = 600, reload: Reload = .always,
        conflict: Conflict = .primary, policy: Policy = .tombolo, ticketParameter: String = "tombolo-ticket",
        ticketLifetime: Int64 = 60, links: Bool = true, locations: Bool = true, fetch: Bool = true,
        inject: PathPatterns = .everywhere, consentCookie: String? = nil, storeFailure: StoreFailure = .anonymous,
        headers: HeaderNames = HeaderNames()
    ) {
        self.name = name
        self.domainsFile = domainsFile
        self.domains = domains
        self.primary = primary
        self.cookie = cookie
        self.timeouts = timeouts
        self.shareCookies = shareCookies
        self.login = login
        self.handshake = handshake
        self.checkInterval = checkInterval
        self.reload = reload
        self.conflict = conflict
        self.policy = policy
        self.ticketParameter = ticketParameter
        self.ticketLifetime = ticketLifetime
        self.links = links
        self.locations = locations
        self.fetch = fetch
        self.inject = inject
        self.consentCookie = consentCookie
        self.storeFailure = storeFailure
        self.headers = headers
    }
}

extension Group {
    /// `[group.cookie]`: the session cookie.
    public struct CookieSettings: Sendable, Equatable {
        /// When the cookie has `Secure` (and the `__Host-` prefix that needs it).
        public enum Secure: String, Sendable, Equatable, CaseIterable {
            /// When the browser came by https, as this listener or a trusted proxy says.
            case auto
            /// Always: for a TLS terminator in front that does not say so.
            case always
            /// Never: for tests over http.
            case never
        }

        /// The name without prefix. Default: `tombolo`; 1 to 64 token characters (RFC 6265 §4.1.1).
        public var name: String
        /// Default: ``Secure/auto``.
        public var secure: Secure

        /// Creates the section; the defaults are the documented ones.
        public init(name: String = "tombolo", secure: Secure = .auto) {
            self.name = name
            self.secure = secure
        }
    }

    /// `[group.timeouts]`: when sessions end. All in seconds.
    public struct Timeouts: Sendable, Equatable {
        /// Without a request. Default: 1 day, or ``absolute`` if that is less.
        public var idle: Int64
        /// After the first request, whatever happens. Default: 30 days.
        public var absolute: Int64
        /// As ``idle``, for "remember me" sessions. Default: 90 days.
        public var persistentIdle: Int64
        /// As ``absolute``, for "remember me" sessions. Default: 365 days.
        public var persistentAbsolute: Int64

        /// Creates the section; the defaults are the documented ones.
        public init(
            idle: Int64 = 86_400, absolute: Int64 = 30 * 86_400, persistentIdle: Int64 = 90 * 86_400,
            persistentAbsolute: Int64 = 365 * 86_400
        ) {
            self.idle = idle
            self.absolute = absolute
            self.persistentIdle = persistentIdle
            self.persistentAbsolute = persistentAbsolute
        }
    }

    /// `handshake`: when the top-level round trip to the primary is used.
    public enum Handshake: String, Sendable, Equatable, CaseIterable {
        /// Before the first page where the browser is known to block or partition cookies, by the loader elsewhere.
        case auto
        /// Always before the first page.
        case navigation
        /// Only by the loader, when the primary answered `unknown`.
        case loader
        /// Never.
        case off
    }

    /// `reload`: what a page does after its session was replaced.
    public enum Reload: String, Sendable, Equatable, CaseIterable {
        /// It reloads once, unless it has unsaved input; the event is sent first.
        case always
        /// It only sends the event `tombolo:replaced`.
        case event
        /// Nothing.
        case never
    }

    /// `conflict`: who wins when two domains have different users.
    public enum Conflict: String, Sendable, Equatable, CaseIterable {
        /// The primary's session.
        case primary
        /// Nobody: each domain keeps its own.
        case keep
    }

    /// `policy`: the decision table.
    public enum Policy: Sendable, Equatable {
        /// Tombolo's own.
        case tombolo
        /// That of flask-crossdomain-session.
        case flaskCrossDomainSession
        /// That of django-shared-session, whose `always_replace` replaces even a session that the domain has already.
        case djangoSharedSession(alwaysReplace: Bool)
    }

    /// `store_failure`: what a request gets that needs the store while the store fails.
    public enum StoreFailure: String, Sendable, Equatable, CaseIterable {
        /// It goes on without a session; no cookie is deleted.
        case anonymous
        /// 503.
        case unavailable
    }
}
