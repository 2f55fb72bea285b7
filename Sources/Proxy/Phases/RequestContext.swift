internal import AppCookies
internal import Configuration
internal import CrossDomain
internal import NIOCore
internal import Sessions

/// What the phases of one request tell the later ones.
final class RequestContext {
    /// The domain that was asked for, as this browser addresses it.
    let domain: AddressedDomain
    /// The domain's place in the configuration.
    var route: RoutedDomain { domain.route }
    /// The group it belongs to.
    var group: SessionGroup { route.group }
    /// The domain as a member of the group.
    var member: Member { domain.member }
    /// Whose cookie a name is there.
    var names: CookieNames { domain.names }
    /// Fetch metadata of the request.
    let fetch: Visit.FetchMetadata
    /// Whether a page is being loaded; see ``Visit/isPage``.
    let isPage: Bool
    /// Our cookies of the request, and the app's that are in custody.
    let cookies: RequestCookies
    /// Whether a handshake brought nothing a short while ago, by what the address says.
    var hasTried = false
    /// The request's path and query, without a ticket.
    var target: String?
    /// What the cookie turned out to be.
    var resolution = Resolution.none
    /// The session the upstream is told of; nil while the store cannot be asked.
    var session: ResolvedSession?
    /// Whether `session` began with this request.
    var isNew = false
    /// Whether that new session must not reach the browser, unless the app logs somebody in.
    var isProvisional = false
    /// Whether the browser's cookie must be renewed with this response whatever it is.
    var mustIssue = false
    /// Whether a `Set-Cookie` of the app went into custody with this response.
    var tookCookies = false
    /// Whether the store failed during this request: nothing about cookies is changed then.
    var isStoreDown = false
    /// Whether the exchange is over; an answer of the store may come later.
    var isOver = false
    /// The entry among the live streams, if the response is one.
    var stream: (token: UInt64, session: SessionID)?
    /// Whether the request is a GET, as far as reloading the page goes.
    let isGET: Bool
    /// Whether the domain's settings want the loader in what is at this path.
    var wantsLoader = false
    /// Whether the client is told how long the phases took.
    var isTimed = false
    /// The copies with the loader in them that the app was asked about.
    var heldCopies: [HeldCopy] = []
    /// What the loader needs of the page's head, once it is decided that it goes in.
    var plan: LoaderPlan?

    init(
        domain: AddressedDomain, fetch: Visit.FetchMetadata, isPage: Bool, cookies: RequestCookies, isGET: Bool
    ) {
        self.domain = domain
        self.fetch = fetch
        self.isPage = isPage
        self.cookies = cookies
        self.isGET = isGET
    }
}
