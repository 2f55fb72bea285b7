internal import AppCookies
internal import Configuration
internal import CrossDomain
internal import HTMLInjection
internal import HTTPWire
public import Logging
internal import Metrics
public import NIOCore
internal import SessionStores
internal import Sessions

/// The phases of a request, in the order in which they come: *route*, *session*, *request* here; *response* in
/// `SessionPhases+Response.swift`.
///
/// One object serves one client connection on its event loop. A request whose session is in the cache, or has no record,
/// passes without leaving the loop; what needs the store continues when the store has answered.
public final class SessionPhases: Phases {
    let eventLoop: any EventLoop
    let logger: Logger
    let streams: LiveStreams
    let pages: PageCounters
    let routes: RouteTable
    let observer: RequestObserver
    /// Which of the event loops this is, for numbers.
    let loopIndex: Int
    private(set) var forwarding: ForwardingFields?
    private var addressed: AddressedDomain?
    private let addresses: AddressMemo
    private var memo = HandleMemo()
    private var cookies = CookieMemo()
    var codings = CodingsMemo()

    /// Makes the phases of one connection.
    ///
    /// - Parameters:
    ///   - routes: which domain a request is for.
    ///   - streams: the open streams of all connections.
    ///   - pages: what becomes of the loader in the pages of all connections.
    ///   - observer: is told of every request that is over.
    public init(
        routes: RouteTable, streams: LiveStreams, pages: PageCounters, observer: RequestObserver,
        eventLoop: any EventLoop, logger: Logger
    ) {
        self.routes = routes
        self.streams = streams
        self.pages = pages
        self.observer = observer
        addresses = routes.memos.memo(of: eventLoop)
        loopIndex = observer.metrics.index(of: eventLoop)
        self.eventLoop = eventLoop
        self.logger = logger
    }

    // MARK: route

    public func request(_ x: Exchange) -> RequestVerdict {
        let current = routes.current
        if let misdirected = MisdirectedRequest.answer(x) { return .respond(misdirected) }
        guard let route = route(x, current) else { return .respond(unknownHost(x)) }
        let client = x.clientAddress
        let forwarding = self.forwarding ?? ForwardingFields(clientAddress: client)
        self.forwarding = forwarding
        forwarding.isTrusted = x.isClientKnown && current.trusts(client)
        let told = forwarding.told(x, by: current)
        if told?.isContradictory == true { return .respond(ErrorPages.contradictoryForwarding(in: x)) }
        x.clientName = told?.client ?? forwarding.clientIP
        let seen = told?.scheme ?? (x.isSecure ? "https" : "http")
        if seen == "http", let redirect = current.redirect?.answer(x) { return .respond(redirect) }
        // A TLS terminator that says nothing: the setting says it for all requests, to browsers and apps alike.
        let scheme = route.group.settings.cookie.secure == .always ? "https" : seen
        if x.requestHead.isHTTPSTarget, scheme != "https" { return .respond(ErrorPages.insecureTarget(in: x)) }
        guard let addressed = address(route, current, x, scheme) else { return .respond(unknownHost(x)) }
        let fetch = VisitReader.fetchMetadata(x.requestHead)
        let isPage = fetch.isPage(acceptsPage: VisitReader.acceptsPage(x.requestHead))
        let context = RequestContext(
            domain: addressed, fetch: fetch, isPage: isPage, cookies: cookies.cookies(of: x.requestHead, at: addressed),
            isGET: x.requestHead.knownMethod == .get)
        x.context = context
        x.phase = .session
        if ServerTiming.isWanted(x, isTrusted: forwarding.isTrusted) {
            context.isTimed = true
            x.times.routedAt = eventLoop.now
        }
        // Every answer made here, too, is found in the logs of both sides by this id.
        forwarding.write(x, told, addressed)

        if let path = endpointPath(x.requestHead) { return endpoint(x, context, path: path) }
        return session(x, context)
    }

    /// Our own paths in their one spelling; anything else belongs to the app.
    private func endpointPath(_ head: RequestHead) -> String? {
        let isOurs = head.withBytes(head.path) { path in
            path.starts(with: Self.root)
                && (path.count == Self.root.count || path[Self.root.count] == UInt8(ascii: "/"))
        }
        return isOurs ? head.string(head.path) : nil
    }

    private static let root = Array(Endpoint.root.utf8)

    private func endpoint(_ x: Exchange, _ context: RequestContext, path: String) -> RequestVerdict {
        let visit = VisitReader.visit(x, context)
        let group = context.group
        let member = context.member
        let type = x.requestHead.string(.contentType)
        let eventLoop = eventLoop
        let answer = { @Sendable (body: ByteBuffer) -> EventLoopFuture<LocalResponse> in
            eventLoop.makeFutureWithTask {
                LocalResponse(
                    await group.answer(
                        visit, path: path, contentType: type, body: Array(body.readableBytesView), at: member))
            }
        }
        if x.requestHead.knownMethod == .post {
            return .collectBody(limit: Endpoint.largestBody, then: answer)
        }
        return .later(answer(ByteBuffer()).map { .respond($0) })
    }

    /// Which domain the request is for; most often the one of the request before.
    private func route(_ x: Exchange, _ routes: Routes) -> RoutedDomain? {
        if let addressed, addressed.routes === routes, isAddressed(x, addressed) { return addressed.route }
        return routes.route(x.requestHead)
    }

    private func isAddressed(_ x: Exchange, _ domain: AddressedDomain) -> Bool {
        x.requestHead.bytes(x.requestHead.host, equal: domain.authority)
    }

    private func unknownHost(_ x: Exchange) -> LocalResponse {
        ErrorPages.response(for: .unknownHost(x.requestHead.string(x.requestHead.host)), in: x)
    }

    /// The domain as this browser addresses it; the same for nearly all requests of a connection.
    private func address(
        _ route: RoutedDomain, _ routes: Routes, _ x: Exchange, _ scheme: String
    ) -> AddressedDomain? {
        if let known = addressed, known.route === route, known.scheme == scheme, isAddressed(x, known) { return known }
        let authority = x.requestHead.string(x.requestHead.host)
        let bytes = Array(authority.utf8)
        if let known = addresses.domain(route, routes, scheme: scheme, authority: bytes) {
            addressed = known
            return known
        }
        guard var site = Site(scheme: scheme, authority: authority) else { return nil }
        if site.host.hasSuffix(".") {
            site = Site(scheme: scheme, host: String(site.host.dropLast()), port: site.port)
        }
        let member = Member(site, cookieDomain: route.domain.cookieDomain, in: route.group.settings)
        let fresh = AddressedDomain(
            routes: routes, route: route, scheme: scheme, authority: bytes, member: member)
        addresses.keep(fresh)
        addressed = fresh
        return fresh
    }

    /// The connection is idle: what its next request may never ask for again is let go of.
    public func letGo() {
        forwarding = nil
        addressed = nil
        memo = HandleMemo()
        cookies = CookieMemo()
        codings = CodingsMemo()
    }

    // MARK: session

    private func session(_ x: Exchange, _ context: RequestContext) -> RequestVerdict {
        let group = context.group
        let values = context.cookies.own.session
        let found = values.isEmpty ? .none : group.resolveFromCache(values, at: context.member, memo: &memo)
        guard case .unknown = found else { return session(x, context, found) }
        let member = context.member
        let asked = eventLoop.makeFutureWithTask { () async -> Resolution? in
            do { return try await group.resolve(values, at: member) } catch { return nil }
        }
        return .later(
            later(asked, context) { [self] resolution in
                guard let resolution else { return storeFailed(x, context) }
                return session(x, context, resolution)
            })
    }

    /// Goes on with a request when the store has answered; not if the exchange is over by then, whose head and lines may be
    /// those of another request already.
    func later<Answer, Verdict>(
        _ answer: EventLoopFuture<Answer>, _ context: RequestContext, _ next: @escaping (Answer) -> Verdict
    ) -> EventLoopFuture<Verdict> {
        answer.assumeIsolated().flatMapThrowing { answer in
            guard !context.isOver else { throw CancellationError() }
            return next(answer)
        }.nonisolated()
    }

    /// The store has not answered. Nobody is logged out for that, and no cookie is touched.
    private func storeFailed(_ x: Exchange, _ context: RequestContext) -> RequestVerdict {
        logger.warning(
            "the session store does not answer", metadata: ["phase": "session", "host": "\(context.member.site.host)"])
        guard context.group.settings.storeFailure == .anonymous else {
            return .respond(ErrorPages.response(for: .storeUnavailable, in: x))
        }
        context.isStoreDown = true
        return forward(x, context)
    }

    private func session(_ x: Exchange, _ context: RequestContext, _ resolution: Resolution) -> RequestVerdict {
        let group = context.group
        context.resolution = resolution
        if case .stale = resolution,
            !group.canRecover(resolution, of: VisitReader.visit(x, context), at: context.member)
        {
            // Nobody else can vouch for this browser: it begins anew, or it would be a stranger on every page.
            context.resolution = .none
        }
        if let arrival = takeTicket(x, context) { return arrival }
        if resolution.session == nil, context.isPage, context.fetch.mode != nil {
            let visit = VisitReader.visit(x, context)
            if let peer = group.handshakePeer(before: visit, at: context.member, holding: context.resolution) {
                group.metrics.handshakes.count(group.settings.name, "before_page", "started")
                return .respond(
                    LocalResponse(
                        group.startHandshake(
                            visit, at: context.member, with: peer, holding: context.resolution, returnTo: visit.target))
                )
            }
        }
        if let session = resolution.session {
            context.session = session
            touch(session, context)
        } else {
            context.session = .new(group.random, now: group.clock())
            context.isNew = true
            context.isProvisional = isProvisional(x, context)
        }
        return adopt(x, context) ?? forward(x, context)
    }

    /// Whether the new session of this request must not take the place of what the browser holds.
    ///
    /// Behind a handle from before a login there is a session that a handshake will bring back. And a form that another
    /// site posts comes without our `SameSite=Lax` cookie, whoever sends it: what it gets is not known to be a stranger.
    private func isProvisional(_ x: Exchange, _ context: RequestContext) -> Bool {
        if case .stale = context.resolution { return true }
        guard !x.requestHead.knownMethod.isSafe else { return false }
        if let site = context.fetch.site { return site == .crossSite }
        return x.requestHead.string(.origin).map { $0 != context.member.site.origin } ?? false
    }

    /// Takes a ticket out of the address; the upstream never sees one. A page load that brings a real one is answered.
    private func takeTicket(_ x: Exchange, _ context: RequestContext) -> RequestVerdict? {
        guard x.requestHead.query != nil else { return nil }
        let group = context.group
        let target = VisitReader.target(x.requestHead)
        guard let (clean, ticket) = Query.removing(group.settings.ticketParameter, from: target) else { return nil }
        context.target = clean
        x.targetOverride = ByteBuffer(string: clean)
        if ticket == Query.noTicket {
            context.hasTried = true
            return nil
        }
        guard context.isGET, context.isPage else { return nil }
        let visit = VisitReader.visit(x, context)
        let member = context.member
        return .later(
            eventLoop.makeFutureWithTask {
                LocalResponse(await group.arrive(visit, ticket: ticket, clean: clean, at: member))
            }.map { .respond($0) })
    }

    /// Cookies that the browser held from before Tombolo go into custody first, so that rolling out logs nobody out.
    private func adopt(_ x: Exchange, _ context: RequestContext) -> RequestVerdict? {
        guard !context.isProvisional, let session = context.session, !context.cookies.shared.isEmpty else { return nil }
        let cookies = context.route.adoptable(context.cookies.shared, into: session, now: context.group.clock())
        guard !cookies.isEmpty else { return nil }
        let change = SessionChange(adopted: cookies)
        return .later(
            later(commit(change, x, context), context) { [self] committed in
                guard committed else { return storeFailed(x, context) }
                return forward(x, context)
            })
    }

    private func touch(_ session: ResolvedSession, _ context: RequestContext) {
        guard let shared = session.shared, shared.record.isDueForTouch(now: context.group.clock()) else { return }
        let group = context.group
        let logger = logger
        Task {
            do {
                try await group.repository.update(session.id) { record in
                    _ = record?.touch(now: group.clock())
                }
            } catch {
                logger.warning("a session's time could not be noted", metadata: ["phase": "session"])
            }
        }
    }

    // MARK: request

    private func forward(_ x: Exchange, _ context: RequestContext) -> RequestVerdict {
        let route = context.route
        x.requestHead.removeAll(foldingTo: route.ownFields)
        if let session = context.session { writeSession(session, x, context) }
        writeCookies(x, context)
        preparePage(x, context)
        return .forward(route.upstream)
    }

    private func writeSession(_ session: ResolvedSession, _ x: Exchange, _ context: RequestContext) {
        let names = context.group.settings.headers
        x.requestLines.write(context.route.sessionLine, with: session.id.high, session.id.low)
        if context.isNew { x.requestLines.writeLine(names.new, "1") }
        guard let record = session.shared?.record else { return }
        if let user = record.user { x.requestLines.writeLine(names.user, FieldText.encoded(user)) }
        let merges = record.pendingMerges(now: context.group.clock())
        if !merges.isEmpty { x.requestLines.writeLine(names.mergedFrom, merges.map(\.hex).joined(separator: ", ")) }
    }

    /// The app gets its own cookies and those in custody, in one line, and none of ours.
    private func writeCookies(_ x: Exchange, _ context: RequestContext) {
        var held: [(name: String, value: String)] = []
        if context.session?.shared?.record.cookies.isEmpty == false {
            held = context.route.custody(
                of: context.session, path: context.target ?? x.requestHead.string(x.requestHead.path),
                isSecure: context.member.site.scheme == "https", now: context.group.clock())
        }
        // What the browser itself holds of these names is passed on as long as custody has nothing of them.
        let own = context.cookies.shared.filter { !context.route.isInCustody($0.name, of: context.session) }
        if held.isEmpty, own.isEmpty, context.cookies.isUntouched { return }
        var value = context.cookies.rest
        for (name, text) in held + own { CookieHeader.append(name: name.utf8, value: text.utf8, to: &value) }
        x.requestHead.removeAll(.cookie)
        guard !value.isEmpty else { return }
        x.requestLines.writeStaticString("Cookie: ")
        x.requestLines.writeBytes(value)
        x.requestLines.writeStaticString("\r\n")
    }
}
