internal import Configuration
internal import SessionStores
internal import Sessions

/// The fetch rung: `begin` on the own domain, `check` on the primary, `replace` on the own domain again.
///
/// It works where the browser sends the primary's `SameSite=None` cookie with a cross-site request. Where no cookie comes
/// and the browser does not prove that it would have sent one (`Sec-Fetch-Storage-Access: active`), the answer is
/// `unknown`, and the loader takes the handshake: a browser with partitioned cookies would keep whatever was set now in a
/// jar that nobody else sees.
extension SessionGroup {
    /// `{"action":"begin"}`: a ticket for the primary, or for the sibling named by `to` (a link that is about to be used).
    func begin(_ visit: Visit, to: String?, at member: Member) async throws -> Answer {
        guard isOwnOrigin(visit, at: member) else { return .error(.foreignOrigin) }
        let own = try await resolve(visit.cookies.session, at: member)
        if let to { return beginLink(to: to, holding: own, visit, at: member) }
        guard mayLink(visit) else { return .result("use_current") }
        if case .stale = own, peer(of: member, holding: own) != nil, settings.handshake != .off {
            return .result("handshake")
        }
        if member.isPrimary { return try await checkOwnCookies(visit, holding: own, at: member) }
        guard settings.fetch else {
            return settings.handshake == .off ? .result("use_current") : .result("handshake")
        }
        let sealed = ticket(.check, from: member.site.host, to: settings.primary, session: own.session?.carried)
        return .result("ticket", [("ticket", sealed), ("primary", primaryEndpoint(for: member))])
    }

    private func beginLink(to host: String, holding own: Resolution, _ visit: Visit, at member: Member) -> Answer {
        guard settings.links, includes(host), host != member.site.host else { return .error(.badRequest) }
        guard let session = own.session, mayLink(visit) else { return .result("use_current") }
        return .result("ticket", [("ticket", arrivalTicket(session, from: member.site, to: host))])
    }

    /// The primary compares its two cookies: a check from a sibling may have set the cross-site one, while the session
    /// cookie (`SameSite=Lax`) can be set by the primary's own pages only.
    private func checkOwnCookies(
        _ visit: Visit, holding own: Resolution, at member: Member
    ) async throws -> Answer {
        let checked = try await resolve(visit.cookies.check, at: member, purpose: .crossSiteCheck)
        switch (own.session, checked.session) {
        case (nil, nil):
            return .result("use_current")
        case (nil, let theirs?):
            return .result("replaced", cookies: issue(theirs, to: member))
        case (let mine?, nil):
            return .result("use_current", cookies: settings.fetch ? [checkCookie(mine, at: member)] : [])
        case (let mine?, let theirs?):
            let result = try await reconcile(current: mine, primary: theirs)
            guard result.decision.outcome == .replace, mine.id != theirs.id else {
                return .result("use_current", cookies: [checkCookie(result.winner, at: member)])
            }
            return .result("replaced", cookies: issue(result.winner, to: member))
        }
    }

    /// `{"action":"check","ticket":…}`, sent to the primary by a page of another domain of the group.
    func check(_ visit: Visit, ticket text: String, at member: Member) async throws -> Answer {
        guard member.isPrimary else { return .error(.notPrimary) }
        guard let from = groupSite(origin: visit.origin, seenFrom: member.site) else { return .error(.foreignOrigin) }
        guard mayCheck(visit) else { return .result("use_current") }
        let ticket: Ticket
        switch open(text, .check, at: member) {
        case .success(let opened): ticket = opened
        case .failure(let error): return .error(LadderError(error))
        }
        guard ticket.from == from.host else { return .error(.badTicket) }
        guard try await spend(ticket) else { return .error(.spentTicket) }

        var current: ResolvedSession?
        if let carried = ticket.session { current = try await resolve(carried) }
        let held = try await resolve(visit.cookies.check, at: member, purpose: .crossSiteCheck)
        switch (current, held) {
        case (let current?, .session(let primary)):
            let result = try await reconcile(current: current, primary: primary)
            switch result.decision.outcome {
            case .keepBoth: return .result("use_current")
            case .replace: return replaceTicket(result.winner, to: from, at: member)
            case .useCurrent: return .result("use_current", cookies: [checkCookie(result.winner, at: member)])
            }
        case (nil, .session(let primary)):
            return replaceTicket(primary, to: from, at: member)
        case (_, .stale):
            // The primary's own session has had a login since; only a visit of its own brings its cookie along.
            return .result("unknown")
        case (let current, .none), (let current, .unknown):
            // No cookie is believed of a browser that says that it would have sent one.
            guard visit.fetch.hasStorageAccess else { return .result("unknown") }
            return .result("use_current", cookies: current.map { [checkCookie($0, at: member)] } ?? [])
        }
    }

    private func mayCheck(_ visit: Visit) -> Bool {
        // The consent cookie is the page's own and does not come with a cross-site request: `begin` has asked for it.
        settings.fetch && !visit.fetch.optsOut
    }

    private func replaceTicket(_ session: ResolvedSession, to site: Site, at member: Member) -> Answer {
        let sealed = ticket(.replace, from: member.site.host, to: site.host, session: session.carried)
        return .result("replace", [("ticket", sealed)])
    }

    /// `{"action":"replace","ticket":…}`: the own domain takes over what the primary has answered.
    func replace(_ visit: Visit, ticket text: String, at member: Member) async throws -> Answer {
        guard isOwnOrigin(visit, at: member) else { return .error(.foreignOrigin) }
        let ticket: Ticket
        switch open(text, .replace, at: member) {
        case .success(let opened): ticket = opened
        case .failure(let error): return .error(LadderError(error))
        }
        guard ticket.from == settings.primary else { return .error(.badTicket) }
        guard try await spend(ticket) else { return .error(.spentTicket) }
        guard let carried = ticket.session, let theirs = try await resolve(carried) else {
            return .result("use_current")
        }
        // A login on this domain since the check counts more than the check.
        if let mine = try await resolve(visit.cookies.session, at: member).session, mine.id != theirs.id,
            mine.record?.user != nil, decide(current: mine.side, primary: theirs.side).outcome != .replace
        {
            return .result("use_current")
        }
        return .result("replaced", cookies: issue(theirs, to: member) + [settled(at: member)])
    }

    /// Whether a script of this very origin asks: no other site's page may begin or replace for its visitor.
    private func isOwnOrigin(_ visit: Visit, at member: Member) -> Bool {
        guard visit.origin == member.site.origin else { return false }
        return visit.fetch.site == nil || visit.fetch.site == .sameOrigin
    }
}
