internal import Configuration
internal import SessionStores
internal import Sessions

/// The handshake: a top-level round trip to another domain of the group and back, the one way to compare sessions that
/// works in every browser and every setting.
///
///     own domain                           peer: the primary, or where the last login was
///     start   302, sets a nonce     ──▶    sync    says which session it has, changes nothing of an existing one
///     finish  checks the nonce,     ◀──    302
///             decides, takes over
///       └─ only if the peer is to adopt:   finish  checks the peer's own nonce, takes over
///     302 to the page
///
/// Each side takes a session over only with the nonce that it has put into this browser itself, so a link with somebody
/// else's ticket changes nothing. Always by redirect: a return by script would hide from the app where the visit came from.
extension SessionGroup {
    static let requesterHasSession: UInt8 = 1
    /// Longer addresses are left alone: the ticket that carries them has to fit into a request line.
    static let longestReturnAddress = 2048

    /// The domain to shake hands with before this page is shown; nil when the page is to be shown at once.
    public func handshakePeer(before visit: Visit, at member: Member, holding resolution: Resolution) -> String? {
        guard settings.handshake == .auto || settings.handshake == .navigation,
            visit.method == "GET", visit.fetch.isDocumentNavigation,
            visit.fetch.site == .user || visit.fetch.site == .crossSite,
            !visit.cookies.hasTried, mayLink(visit), visit.target.utf8.count <= Self.longestReturnAddress
        else { return nil }
        // Chromium says itself whether cookies travel, so the cheaper rungs may try first, unless a login is known to wait.
        if case .none = resolution, settings.handshake == .auto, visit.fetch.hasClientHints { return nil }
        return peer(of: member, holding: resolution)
    }

    func peer(of member: Member, holding resolution: Resolution) -> String? {
        if case .stale(let host?) = resolution, host != member.site.host, includes(host) { return host }
        return member.isPrimary ? nil : settings.primary
    }

    /// First leg: to the peer, with a ticket that says where to come back to.
    ///
    /// - Parameter returnTo: path and query of the page, without ticket.
    public func startHandshake(
        _ visit: Visit, at member: Member, with peer: String, holding resolution: Resolution, returnTo: String
    ) -> Answer {
        let nonce = nonce(of: visit)
        let sealed = ticket(
            .start, from: member.site.host, to: peer, nonceHash: hash(nonce), returnTo: returnTo,
            flags: resolution.session == nil ? 0 : Self.requesterHasSession)
        return .redirect(
            to: address(member.site.sibling(peer), "sync", sealed),
            cookies: [member.cookies.nonce(nonce, lifetime: settings.ticketLifetime)], "started")
    }

    /// `/crossdomain/start`: the loader asks for a handshake.
    func start(_ visit: Visit, at member: Member) async throws -> Answer {
        guard visit.fetch.site == nil || visit.fetch.site == .sameOrigin, isTopLevel(visit),
            let to = Query.value("to", of: visit.target), Query.isLocal(to)
        else { return .error(.badRequest) }
        // An address that is too long to travel in a ticket is gone back to as it is.
        guard to.utf8.count <= Self.longestReturnAddress else {
            return .redirect(to: member.site.origin + to, "address_too_long")
        }
        let resolution = try await resolve(visit.cookies.session, at: member)
        guard settings.handshake != .off, mayLink(visit), let peer = peer(of: member, holding: resolution) else {
            return .redirect(to: member.site.origin + to, "not_wanted")
        }
        return startHandshake(visit, at: member, with: peer, holding: resolution, returnTo: to)
    }

    /// `/crossdomain/sync`: the peer's leg. Says which session this browser has here.
    func sync(_ visit: Visit, at member: Member) async throws -> Answer {
        guard isTopLevel(visit), let text = Query.value(settings.ticketParameter, of: visit.target) else {
            return .error(.badRequest)
        }
        switch open(text, .start, at: member) {
        case .success(let ticket):
            guard includes(ticket.from), let returnTo = ticket.returnTo else { return .error(.badTicket) }
            let back = member.site.sibling(ticket.from)
            do {
                return try await answer(ticket, from: back, returnTo: returnTo, visit, at: member)
            } catch {
                // A store in trouble must not keep anybody from the page they asked for.
                return .redirect(to: back.origin + unshaken(returnTo), "store_unavailable")
            }
        case .failure(let error):
            return late(text, .start, error, at: member)
        }
    }

    private func answer(
        _ ticket: Ticket, from back: Site, returnTo: String, _ visit: Visit, at member: Member
    ) async throws -> Answer {
        guard try await spend(ticket) else { return .redirect(to: back.origin + unshaken(returnTo), "spent_ticket") }

        var cookies: [String] = []
        var session: ResolvedSession?
        let requesterHasSession = ticket.flags & Self.requesterHasSession != 0
        var own = try await resolve(visit.cookies.session, at: member)
        if own.session == nil, member.isPrimary {
            // What a sibling's check has left here by script counts as the primary's session, if there is no other.
            let checked = try await resolve(visit.cookies.check, at: member, purpose: .crossSiteCheck)
            if let theirs = checked.session {
                own = checked
                cookies += issue(theirs, to: member)
            }
        }
        switch own {
        case .session(let held):
            session = held
            if cookies.isEmpty, isDueForRenewal(held) { cookies += issue(held, to: member) }
        case .none where member.isPrimary && !requesterHasSession:
            // Nobody has one: the session begins here, in the browser's own visit to the primary.
            let new = ResolvedSession.new(random, now: clock())
            session = new
            cookies += issue(new, to: member)
        case .none, .stale, .unknown:
            break
        }
        var peerNonceHash: [UInt8]?
        if requesterHasSession {
            let nonce = nonce(of: visit)
            peerNonceHash = hash(nonce)
            cookies.append(member.cookies.nonce(nonce, lifetime: settings.ticketLifetime))
        }
        let sealed = self.ticket(
            .finish, from: member.site.host, to: ticket.from, session: session?.carried, nonceHash: ticket.nonceHash,
            peerNonceHash: peerNonceHash, returnTo: returnTo)
        return .redirect(
            to: address(back, "finish", sealed), cookies: cookies, session == nil ? "answered_empty" : "answered")
    }

    /// `/crossdomain/finish`: back at the domain that began, or the peer adopting.
    func finish(_ visit: Visit, at member: Member) async throws -> Answer {
        guard isTopLevel(visit), let text = Query.value(settings.ticketParameter, of: visit.target) else {
            return .error(.badRequest)
        }
        switch open(text, .finish, at: member) {
        case .success(let ticket):
            guard let returnTo = ticket.returnTo else { return .error(.badTicket) }
            do {
                return try await conclude(ticket, visit, returnTo: returnTo, at: member)
            } catch {
                return .redirect(to: member.site.origin + unshaken(returnTo), "store_unavailable")
            }
        case .failure(let error):
            guard case .success(let ticket) = open(text, .adopt, at: member) else {
                return late(text, .finish, error, at: member)
            }
            guard includes(ticket.from), let returnTo = ticket.returnTo else { return .error(.badTicket) }
            let page = member.site.sibling(ticket.from).origin + returnTo
            do {
                let cookies = try await adopt(ticket, visit, at: member)
                return .redirect(to: page, cookies: cookies, cookies.isEmpty ? "not_adopted" : "adopted")
            } catch {
                return .redirect(to: page, "store_unavailable")
            }
        }
    }

    /// Whether the browser itself comes here, and no image, frame or prefetch of a page.
    private func isTopLevel(_ visit: Visit) -> Bool {
        visit.fetch.mode == nil && visit.fetch.dest == nil
            ? !visit.fetch.isSpeculative : visit.fetch.isDocumentNavigation
    }

    /// A ticket that took too long on its way still says where the visitor wanted to go, and nothing else counts of it.
    private func late(_ text: String, _ purpose: TicketPurpose, _ error: TicketError, at member: Member) -> Answer {
        guard error == .late, case .success(let ticket) = open(text, purpose, at: member, lifetime: 86_400),
            let returnTo = ticket.returnTo
        else { return .error(LadderError(error)) }
        let host = purpose == .start ? ticket.from : member.site.host
        guard includes(host) else { return .error(.badTicket) }
        return .redirect(to: member.site.sibling(host).origin + unshaken(returnTo), "late_ticket")
    }

    private func conclude(
        _ ticket: Ticket, _ visit: Visit, returnTo: String, at member: Member
    ) async throws -> Answer {
        let own = try await resolve(visit.cookies.session, at: member)
        let page = member.site.origin + returnTo
        guard isBound(visit, to: ticket.nonceHash) else {
            // No nonce: another browser's link, or a browser that drops cookies, which must not be sent round for ever.
            return .redirect(to: own.session == nil ? member.site.origin + unshaken(returnTo) : page, "not_bound")
        }
        guard try await spend(ticket) else { return .redirect(to: page, "spent_ticket") }
        var peerSession: ResolvedSession?
        if let carried = ticket.session { peerSession = try await resolve(carried) }

        switch (own.session, peerSession) {
        case (nil, nil):
            // The domain of the last login knows nothing; the primary may.
            if case .stale = own, ticket.from != settings.primary, !member.isPrimary {
                return startHandshake(visit, at: member, with: settings.primary, holding: own, returnTo: returnTo)
            }
            // Nothing anywhere. A handle from before a login that nobody can vouch for is given up.
            var cookies = [
                member.cookies.tried(interval: settings.checkInterval), settled(at: member),
            ]
            if case .stale = own { cookies.append(member.cookies.endSession()) }
            return .redirect(to: page, cookies: cookies, "nothing")
        case (nil, let theirs?):
            return .redirect(to: page, cookies: issue(theirs, to: member) + [settled(at: member)], "replaced")
        case (let mine?, nil):
            return sendToAdopt(mine, ticket, returnTo, at: member)
        case (let mine?, let theirs?):
            let result = try await reconcile(current: mine, primary: theirs)
            switch result.decision.outcome {
            case .keepBoth:
                return .redirect(to: page, cookies: [settled(at: member)], "kept_both")
            case .replace:
                return .redirect(
                    to: page, cookies: issue(result.winner, to: member) + [settled(at: member)], "replaced")
            case .useCurrent where mine.id == theirs.id:
                return .redirect(to: page, cookies: [settled(at: member)], "same")
            case .useCurrent:
                return sendToAdopt(result.winner, ticket, returnTo, at: member)
            }
        }
    }

    /// Third leg: the peer takes the current domain's session over.
    private func sendToAdopt(
        _ session: ResolvedSession, _ ticket: Ticket, _ returnTo: String, at member: Member
    ) -> Answer {
        guard includes(ticket.from), ticket.peerNonceHash != nil else {
            return .redirect(to: member.site.origin + returnTo, "not_adopted")
        }
        let sealed = self.ticket(
            .adopt, from: member.site.host, to: ticket.from, session: session.carried, nonceHash: ticket.peerNonceHash,
            returnTo: returnTo)
        return .redirect(
            to: address(member.site.sibling(ticket.from), "finish", sealed), cookies: [settled(at: member)],
            "use_current")
    }

    /// The cookies by which the peer takes over the session of the domain that began.
    private func adopt(_ ticket: Ticket, _ visit: Visit, at member: Member) async throws -> [String] {
        guard isBound(visit, to: ticket.nonceHash), try await spend(ticket), let carried = ticket.session,
            let session = try await resolve(carried)
        else { return [] }
        // What was decided a moment ago must not cost anybody a login that has happened since.
        let held = try await resolve(visit.cookies.session, at: member)
        guard mayGiveUp(held, for: carried.id, of: visit, at: member) else { return [] }
        let own = held.session
        if let own, own.id != session.id, let user = own.side.user, user != session.side.user { return [] }
        return issue(session, to: member)
    }

    private func address(_ site: Site, _ step: String, _ sealed: String) -> String {
        "\(site.origin)\(Endpoint.root)/\(step)?\(settings.ticketParameter)=\(sealed)"
    }

    /// The page's address with the mark "do not send this browser round again".
    private func unshaken(_ returnTo: String) -> String {
        Query.appending(settings.ticketParameter, Query.noTicket, to: returnTo)
    }
}
