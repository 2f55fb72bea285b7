internal import AppCookies
internal import Configuration
internal import CrossDomain
internal import HTMLInjection
internal import HTTPWire
internal import Logging
internal import NIOCore
internal import SessionStores
internal import Sessions

/// Phase *response*: what the app's answer means for the session, and what the browser gets of it.
extension SessionPhases {
    /// What an app says to Tombolo and what it sets goes with its final answer. Nothing of it may reach a browser before.
    public func interim(_ x: Exchange) {
        guard let context = x.context as? RequestContext else { return }
        _ = context.route.control.take(from: x.responseHead)
        x.responseHead.removeAll(.setCookie)
    }

    public func response(_ x: Exchange) -> ResponseVerdict {
        guard let context = x.context as? RequestContext else { return .forward(transform: nil) }
        let said = context.route.control.take(from: x.responseHead)
        var change = SessionChange()
        change.user = news(said.user, context)
        change.acknowledgesMerges = said.acknowledgesMerges
        change.setCookies = takeCookies(x, context)
        guard !change.isEmpty else { return finish(x, context, said) }
        guard context.session != nil else {
            // The store was down when the request came: there is nothing that the change could be written to.
            return finish(x, context, said)
        }
        return .later(
            later(commit(change, x, context), context) { [self] committed in
                committed ? finish(x, context, said) : commitFailed(x, context, said)
            })
    }

    /// What the app says of its user, unless it is what is known: many apps say it with every response.
    private func news(
        _ said: SessionChange.UserStatement?, _ context: RequestContext
    ) -> SessionChange.UserStatement? {
        guard let said else { return nil }
        let record = context.session?.shared?.record
        switch said {
        case .bound(let user) where record?.user(of: context.route.domain.app) == user: return nil
        case .loggedOut where record?.user == nil: return nil
        default: return said
        }
    }

    public func done(_ x: Exchange, _ outcome: Outcome) {
        let context = x.context as? RequestContext
        context?.isOver = true
        if let stream = context?.stream { streams.remove(stream.token, of: stream.session) }
        observe(x, outcome)
        guard outcome.fault != .none, let reason = outcome.reason else { return }
        var metadata: Logger.Metadata = [
            "phase": "\(x.phase.rawValue)", "fault": "\(outcome.fault.rawValue)", "reason": "\(reason)",
            "status": "\(outcome.status)",
        ]
        if let host = context?.member.site.host { metadata["host"] = "\(host)" }
        if let upstream = context?.route.upstream { metadata["upstream"] = "\(upstream)" }
        if let id = x.requestID { metadata["request_id"] = "\(id)" }
        // What clients do wrong is their business and may be plenty; the rest is for the operator.
        logger.log(level: outcome.fault == .client ? .debug : .warning, "a request failed", metadata: metadata)
    }

    /// Writes a change of the session; true when it is durable, or outdated.
    func commit(_ change: SessionChange, _ x: Exchange, _ context: RequestContext) -> EventLoopFuture<Bool> {
        guard let session = context.session else { return eventLoop.makeSucceededFuture(false) }
        let place = ChangePlace(
            route: context.route, host: context.member.site.host,
            path: Array((context.target ?? VisitReader.target(x.requestHead)).utf8.prefix { $0 != UInt8(ascii: "?") }),
            isSecure: context.member.site.scheme == "https")
        let logger = logger
        let isProvisional = context.isProvisional
        return eventLoop.makeFutureWithTask { () async -> CommittedSession? in
            do {
                return try await SessionCommit.apply(change, to: session, at: place, onlyLogin: isProvisional)
            } catch {
                logger.error(
                    "a session could not be written",
                    metadata: [
                        "phase": "response", "host": "\(place.host)", "session": "\(session.id)", "error": "\(error)",
                    ])
                return nil
            }
        }.assumeIsolated().map { [streams] committed in
            guard let committed else { return false }
            if committed.session.id != session.id || committed.session.epoch != session.epoch {
                streams.closeAll(of: session.id)
            }
            for refusal in committed.refused {
                logger.warning(
                    "an app's cookie cannot be taken into custody",
                    metadata: [
                        "phase": "response", "host": "\(place.host)", "cookie": "\(refusal.name)",
                        "reason": "\(refusal.reason)",
                    ])
            }
            let isRemembered = context.isNew && committed.session.record != nil && !isProvisional
            context.session = committed.session
            if committed.mustIssue || isRemembered { context.mustIssue = true }
            if committed.isReplaced { context.isNew = true }
            return true
        }.nonisolated()
    }

    /// The app's login or cart could not be stored. To answer as if it had been would lose it silently.
    private func commitFailed(
        _ x: Exchange, _ context: RequestContext, _ said: ControlFields.Statements
    ) -> ResponseVerdict {
        guard context.group.settings.storeFailure == .anonymous else {
            return .respond(ErrorPages.response(for: .storeUnavailable, in: x))
        }
        context.isStoreDown = true
        return finish(x, context, said)
    }

    /// Takes `Set-Cookie` lines out that must not reach the browser: those of names in custody, which are returned, and
    /// any that the app gives a name of ours.
    private func takeCookies(_ x: Exchange, _ context: RequestContext) -> [[UInt8]] {
        guard x.responseHead.first(.setCookie) != nil else { return [] }
        var taken: [[UInt8]] = []
        for (index, field) in x.responseHead.fields.enumerated() where field.known == .setCookie && !field.isRemoved {
            let (owner, line) = x.responseHead.withValue(of: field) { value in
                let owner = context.names.owner(of: SetCookieParser.name(of: value))
                if case .shared? = owner { return (owner, Array(value)) }
                return (owner, [])
            }
            switch owner {
            case nil, .consent?: continue
            case .shared?:
                taken.append(line)
                context.tookCookies = true
            case .session?, .check?, .nonce?, .tried?, .otherOwn?: break
            }
            x.responseHead.remove(at: index)
        }
        return taken
    }

    // MARK: the browser's side

    private func finish(_ x: Exchange, _ context: RequestContext, _ said: ControlFields.Statements) -> ResponseVerdict {
        // Read before the field is rewritten for a cookie's sake.
        let forbidsChanges = x.responseHead.list(.cacheControl, contains: "no-transform")
        if !context.isStoreDown { issueCookies(x, context) }
        // Many shared caches leave a response with Set-Cookie alone; taking it out must not make it cacheable for them.
        if context.tookCookies { CacheProtection.makePrivate(x) }
        noteStream(x, context)
        decorateLocation(x, context)
        if context.isTimed, x.responseHead.status != 304 {
            // What a 304 says would become a part of the stored page (RFC 9111 §4.3.4).
            ServerTiming.write(x, now: eventLoop.now)
            CacheProtection.forbidStoring(x)
        }
        return .forward(
            transform: loaderInjector(
                x, context, isRefused: said.refusesInjection, forbidsChanges: forbidsChanges))
    }

    /// The session cookie goes out with page loads, so that static files stay cacheable; and wherever the app has just
    /// set a cookie that went into custody or changed its user, for that response would otherwise be lost on a browser
    /// that has no handle yet, and was no response for shared caches anyway.
    private func issueCookies(_ x: Exchange, _ context: RequestContext) {
        guard context.isPage || context.mustIssue, let session = context.session,
            x.responseHead.status != 101 || context.mustIssue
        else { return }
        let group = context.group
        var lines = context.isPage ? removals(x, context) : []

        let isDue = context.isPage && !context.isProvisional && (context.isNew || group.isDueForRenewal(session))
        if context.mustIssue || isDue {
            lines += group.issue(session, to: context.member, isNew: context.isNew)
        }
        // A check is worth while where somebody begins, and where a handle from before a login was seen.
        let wantsCheck = context.isPage && context.isNew
        if wantsCheck, group.settings.fetch || group.settings.handshake != .off {
            lines.append(context.member.cookies.due())
        }
        for line in lines { x.responseLines.writeLine("Set-Cookie", line) }
        if !lines.isEmpty { CacheProtection.makePrivate(x) }
    }

    /// Takes an app's own cookie away from a browser that still sends it although it is in custody.
    private func removals(_ x: Exchange, _ context: RequestContext) -> [String] {
        let held = context.cookies.shared.filter { context.route.isInCustody($0.name, of: context.session) }
        guard !context.isProvisional, !held.isEmpty else { return [] }
        let path = context.target ?? VisitReader.target(x.requestHead)
        return held.flatMap { RemovalLines.lines(name: $0.name, host: context.member.site.host, path: path) }
    }

    /// WebSockets and event streams stay open for long and are closed when their session ends.
    private func noteStream(_ x: Exchange, _ context: RequestContext) {
        let isEventStream = x.responseHead.first(.contentType).map {
            x.responseHead.value(of: $0, startsWith: "text/event-stream")
        }
        guard x.responseHead.status == 101 || isEventStream == true else { return }
        guard let session = context.session, !context.isNew, !context.isOver, let close = x.closeConnection else {
            return
        }
        context.stream = (streams.add(session.id, on: eventLoop, close: close), session.id)
        // The session may have ended while the app was answering.
        if case .hit(let stored) = context.group.repository.cached(session.id),
            stored.record.standing(epoch: session.epoch) != .live
        {
            streams.closeAll(of: session.id)
        }
    }

    /// The location rung: a redirect to another domain of the group takes the session along.
    private func decorateLocation(_ x: Exchange, _ context: RequestContext) {
        let isRedirect =
            switch x.responseHead.status {
            case 301, 302, 303: true
            case 307, 308: context.isGET
            default: false
            }
        guard isRedirect, context.isPage, !context.isStoreDown, let session = context.session,
            x.responseHead.count(.location) == 1,
            let index = x.responseHead.fields.firstIndex(where: { $0.known == .location && !$0.isRemoved })
        else { return }
        let location = x.responseHead.string(x.responseHead.fields[index].value)
        guard
            let decorated = context.group.decorate(
                location: location, of: session, visit: VisitReader.visit(x, context), at: context.member)
        else { return }
        x.responseHead.remove(at: index)
        x.responseLines.writeLine("Location", decorated)
        CacheProtection.forbidStoring(x)
    }
}
