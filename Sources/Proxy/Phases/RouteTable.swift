internal import AppCookies
public import Configuration
public import CrossDomain
public import HTTPWire
internal import NIOConcurrencyHelpers
public import NIOCore
internal import Sessions
public import TLS

/// A domain of a group with everything that its requests need, made ready once.
public final class RoutedDomain: Sendable {
    /// The group it belongs to.
    public let group: SessionGroup
    /// The line of the domain list.
    public let domain: Domain
    /// Its name in logs and metrics: the pattern of the domain list.
    let name: String
    let upstream: Upstream
    /// Our header names, which nobody else may send upstream under any spelling.
    let ownFields: FoldedNames
    let control: ControlFields
    let signals: LoginSignals
    /// The line that tells an upstream of the session.
    let sessionLine: HexLine
    /// What becomes of its requests.
    let metrics: DomainMetrics

    init(
        group: SessionGroup, domain: Domain, timeouts: Configuration.Timeouts,
        tls: [UpstreamAccess.TLS: UpstreamTLS], metrics: DomainMetrics
    ) {
        self.group = group
        self.metrics = metrics
        name = domain.pattern.description
        self.domain = domain
        upstream = Upstream(domain, timeouts: timeouts, tls: tls)
        ownFields = FoldedNames(Self.ownFields(of: group.settings))
        control = ControlFields(group.settings.headers)
        signals = LoginSignals(group.settings.login)
        sessionLine = HexLine("\(group.settings.headers.sessionID): ")
    }

    /// The names that no client may send upstream: those of the group, that of the signed assertion, which an app could be
    /// prepared to believe, and those by which some frameworks let a proxy change the address, and the question
    /// for the times.
    public static func ownFields(of group: Group) -> [FoldedName] {
        let others = [
            "X-Session-Assertion", "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", ServerTiming.question,
        ]
        return (group.headers.all + others).map { FoldedName($0) }
    }

    /// The cookies in custody that go along with a request.
    func custody(
        of session: ResolvedSession?, path: String, isSecure: Bool, now: Timestamp
    ) -> [(name: String, value: String)] {
        guard let record = session?.shared?.record else { return [] }
        let path = path.utf8.prefix { $0 != UInt8(ascii: "?") }
        return CustodyJar(cookies: record.cookies)
            .cookies(for: domain.app, path: path, isSecure: isSecure, now: now).map { ($0.name, $0.value) }
    }

    /// What the browser holds of the names in custody that custody does not know of, so far as it can be anything real.
    func adoptable(
        _ held: [(name: String, value: String)], into session: ResolvedSession, now: Timestamp
    ) -> [HeldCookie] {
        held.filter { cookie in
            if isInCustody(cookie.name, of: session) { return false }
            // What the app itself would not accept is not worth a record.
            if case .unreadable = signals.read(cookie.name, cookie.value, now: now) { return false }
            return true
        }.map { HeldCookie(name: $0.name, value: $0.value) }
    }

    /// Whether a session holds this cookie of the app, or has held it: what a browser has of it does not count then.
    func isInCustody(_ name: String, of session: ResolvedSession?) -> Bool {
        guard let shared = session?.shared else { return false }
        let key = CookieKey(app: domain.app, name: name)
        return shared.record.deletedCookies.contains(key) || shared.record.cookies.contains { $0.key == key }
    }
}

/// Which domain a request is for; replaced as a whole when the configuration changes.
public final class Routes: Sendable {
    private let router: HostRouter
    private let domains: [[RoutedDomain]]
    private let listen: Configuration.Listen
    /// What becomes of requests in cleartext; nil: they are served.
    let redirect: HTTPSRedirect?

    /// The parameters that carry tickets.
    let ticketParameters: [[UInt8]]

    /// Makes the routes of a configuration; `groups` are its groups at work, in the same order.
    ///
    /// - Parameters:
    ///   - upstreamTLS: what handshakes with upstreams need, by what domains say of it.
    ///   - metrics: where requests are counted.
    public init(
        _ configuration: Configuration, groups: [SessionGroup], upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS] = [:],
        metrics: RequestMetrics
    ) {
        router = HostRouter(configuration.groups)
        domains = zip(configuration.groups, groups).map { settings, group in
            settings.domains.map {
                RoutedDomain(
                    group: group, domain: $0, timeouts: configuration.timeouts, tls: upstreamTLS,
                    metrics: metrics.domain($0.pattern.description))
            }
        }
        ticketParameters = Set(configuration.groups.map(\.ticketParameter)).map { Array($0.utf8) }
        listen = configuration.listen
        redirect = listen.redirectHTTPS ? HTTPSRedirect(port: listen.httpsPort) : nil
    }

    /// Where its requests go.
    public var upstreams: [Upstream] { domains.joined().map(\.upstream) }

    func route(_ head: RequestHead) -> RoutedDomain? {
        guard let route = head.withBytes(head.host, { router.route($0) }) else { return nil }
        guard domains.indices.contains(route.group), domains[route.group].indices.contains(route.domain) else {
            return nil
        }
        return domains[route.group][route.domain]
    }

    /// Whether the peer may speak for browsers. A Unix socket's peer is on this machine and was let in by its file mode.
    public func trusts(_ address: SocketAddress?) -> Bool {
        guard let address else { return false }
        if case .unixDomainSocket = address { return true }
        guard !listen.trustedProxies.isEmpty, let ip = address.ip else { return false }
        return trusts(ip)
    }

    func trusts(_ address: IPAddress) -> Bool {
        !listen.trustedProxies.isEmpty && listen.trusts(address.unmapped.bytes)
    }
}

/// The routes in force. Reading costs a lock that is never held for long.
public final class RouteTable: Sendable {
    private let box: NIOLockedValueBox<Routes>
    let memos = AddressMemos()

    /// Begins with these routes.
    public init(_ routes: Routes) { box = NIOLockedValueBox(routes) }

    /// The routes in force; a request keeps those it began with.
    public var current: Routes { box.withLockedValue { $0 } }

    /// Puts other routes in force for the requests that come from now on.
    public func replace(_ routes: Routes) { box.withLockedValue { $0 = routes } }
}

extension Upstream {
    /// The upstream of a line of a domain list.
    public init(_ domain: Domain, timeouts: Configuration.Timeouts, tls: [UpstreamAccess.TLS: UpstreamTLS]) {
        let access = domain.access
        let isSecure = domain.upstreams.contains(where: \.isSecure)
        self.init(
            Address(domain.upstream), alternatives: domain.alternatives.map(Address.init),
            tls: isSecure ? tls[access.tls] : nil,
            connectTimeout: .milliseconds(access.connectTimeout ?? timeouts.upstreamConnect),
            responseTimeout: .milliseconds(access.responseTimeout ?? timeouts.upstreamResponse),
            idleTimeout: .milliseconds(access.idleTimeout ?? timeouts.upstreamIdle))
    }
}

extension Upstream.Address {
    fileprivate init(_ address: UpstreamAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .tls(let host, let port): self = .tls(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}
