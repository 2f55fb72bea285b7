import Configuration
import SessionStores
import Sessions

@testable import CrossDomain

enum Served {
    /// By Tombolo itself.
    case redirect(String, Answer)
    /// By the app.
    case appRedirect(String)
    case page(Page)
}

/// The proxy's phases *session* and *response*, as far as they are about sessions.
extension ModelBrowser {
    func serve(_ visit: Visit, path: String, change: AppChange) async throws -> Served {
        let group = world.group
        let member = world.member(visit.site.host)
        if path == Endpoint.root || path.hasPrefix(Endpoint.root + "/") {
            return try await follow(
                await group.answer(visit, path: path, contentType: nil, body: [], at: member), visit)
        }
        var visit = visit
        var resolution = group.resolveFromCache(visit.cookies.session, at: member, memo: &memo)
        if case .unknown = resolution { resolution = try await group.resolve(visit.cookies.session, at: member) }
        if let session = resolution.session { ledger.note(session.id, by: name, visit.site.host) }
        if case .stale = resolution, !group.canRecover(resolution, of: visit, at: member) { resolution = .none }

        let shown = visit.target
        if let (clean, ticket) = Query.removing(group.settings.ticketParameter, from: visit.target) {
            visit.target = clean
            if ticket == Query.noTicket {
                visit.cookies.hasTried = true
            } else if visit.method == "GET", visit.isPage {
                return try await follow(await group.arrive(visit, ticket: ticket, clean: clean, at: member), visit)
            }
        }
        if resolution.session == nil, visit.isPage, visit.fetch.mode != nil,
            let peer = group.handshakePeer(before: visit, at: member, holding: resolution)
        {
            return try await follow(
                group.startHandshake(visit, at: member, with: peer, holding: resolution, returnTo: visit.target), visit)
        }
        let isNew = resolution.session == nil
        let session = resolution.session ?? .new(group.random, now: now)
        ledger.note(session.id, by: name, "\(visit.site.host), to the upstream")
        if var record = session.record, record.touch(now: now) {
            let now = now
            try await group.repository.update(session.id) { _ = $0?.touch(now: now) }
        }
        return try await respond(
            Page(
                host: visit.site.host, target: shown, session: session, resolution: resolution, redirects: [],
                mayReload: visit.method == "GET"), visit, change, isNew: isNew)
    }

    private func respond(
        _ page: Page, _ visit: Visit, _ change: AppChange, isNew begins: Bool
    ) async throws -> Served {
        let group = world.group
        let member = world.member(page.host)
        var page = page
        var isStale = false
        if case .stale = page.resolution { isStale = true }

        let before = page.session
        // Behind a handle from before a login there is a session that a handshake will bring back.
        let isRefused = isStale && change.isRememberedAnonymously
        let committed = try await world.commit(isRefused ? .none : change, to: before, at: page.host)
        page.session = committed.session
        let isNew = begins || committed.isReplaced
        if committed.isReplaced {
            ledger.revoke(before.id)
            try await ledger.expectNoneOpens(before.id, "logout")
        } else if committed.session.epoch > before.epoch {
            try await ledger.expectNoneOpens(committed.session.id, "login")
        }

        var lines: [String] = []
        if committed.mustIssue || (visit.isPage && !isStale && (isNew || group.isDueForRenewal(page.session))) {
            lines += group.issue(page.session, to: member, isNew: isNew)
        }
        if visit.isPage, isNew { lines.append(member.cookies.due()) }
        try await store(lines, of: page.host)
        if case .redirect(let location) = change {
            let decorated = group.decorate(location: location, of: page.session, visit: visit, at: member)
            return .appRedirect(decorated ?? location)
        }
        return .page(page)
    }

    private func follow(_ answer: Answer, _ visit: Visit) async throws -> Served {
        try await store(answer.all("Set-Cookie"), of: visit.site.host)
        guard (300...399).contains(answer.status), let location = answer.location else {
            throw UnexpectedAnswer(
                address: visit.site.origin + visit.target, status: answer.status, body: answer.body)
        }
        return .redirect(location, answer)
    }
}
