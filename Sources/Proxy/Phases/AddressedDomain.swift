internal import Configuration
internal import ContentPolicy
internal import CrossDomain

/// A domain as a browser on this connection addresses it, with what follows from that; the same for nearly all requests
/// of a connection.
final class AddressedDomain {
    /// The routes that led to it.
    let routes: Routes
    let route: RoutedDomain
    let scheme: String
    /// The request's authority as it was sent.
    let authority: [UInt8]
    /// The domain by that address.
    let member: Member
    /// Whose cookie a name is there.
    let names: CookieNames

    init(routes: Routes, route: RoutedDomain, scheme: String, authority: [UInt8], member: Member) {
        self.routes = routes
        self.route = route
        self.scheme = scheme
        self.authority = authority
        self.member = member
        let settings = route.group.settings
        names = CookieNames(member.cookies, shared: settings.shareCookies, consent: settings.consentCookie)
    }

    /// The digest of the loader that this domain serves; made when the first page needs it.
    private(set) lazy var loaderDigest = route.group.loaderDigest(for: member)

    /// The mark in the entity tags of pages that have the loader in them.
    private(set) lazy var mark = InjectionMark { [unowned self] in loaderName }

    private lazy var loaderName = String(loaderDigest.filter(\.isLetter).prefix(8))

    /// What the loader needs of the policies of this domain's pages; made when the first page with one comes. Nil where
    /// policies cannot name the domain.
    private(set) lazy var policy = LoaderPolicy(
        origin: member.site.origin, loaderPath: Endpoint.loader.rawValue, endpointPath: Endpoint.root,
        primaryEndpoint: route.group.primaryEndpoint(for: member), loaderHash: "sha256-\(loaderDigest)")
}
