import Configuration
import CrossDomain
import SessionStores
import Sessions

/// What an app's response does to the session, in the way of the proxy's response phase.
enum AppChange: Equatable {
    case none
    /// The app sets a cookie of this name, which goes into custody.
    case cart(String)
    case login(String)
    case logout
    /// The app redirects, to another domain perhaps.
    case redirect(String)
}

extension AppChange {
    /// Whether this is remembered of somebody whom nobody knows.
    var isRememberedAnonymously: Bool {
        if case .cart = self { return true }
        return false
    }
}

struct Committed {
    var session: ResolvedSession
    var mustIssue = false
    var isReplaced = false
}

extension World {
    private enum Verdict: Sendable { case outdated, kept, loggedOut }

    /// Writes what an app's response means: the rules of the response phase, with cookies that are just names.
    func commit(_ change: AppChange, to session: ResolvedSession, at host: String) async throws -> Committed {
        switch change {
        case .none, .redirect: return Committed(session: session)
        case .cart, .login, .logout: break
        }
        let now = clock.now
        let app = app(host)
        let (stored, verdict) = try await group.repository.updateWithVerdict(session.id) { record -> Verdict in
            guard session.epoch == 0 || record != nil else { return .outdated }
            var changed = record ?? SessionRecord(createdAt: session.firstSeen, lastSeen: now)
            guard changed.revokedAt == nil, changed.forward == nil, changed.epoch == session.epoch else {
                return .outdated
            }
            switch change {
            case .cart(let name):
                changed.cookies.removeAll { $0.app == app && $0.name == name }
                changed.cookies.append(AppCookie(app: app, name: name, value: "1", setAt: now))
                _ = changed.touch(now: now)
            case .login(let user):
                guard changed.login(user: user, app: app, host: host) != .refused else {
                    changed.logout(at: now)
                    record = changed
                    return .loggedOut
                }
            case .logout:
                guard changed.user != nil else { return .kept }
                changed.logout(at: now)
                record = changed
                return .loggedOut
            case .none, .redirect: break
            }
            record = changed
            return .kept
        }
        switch verdict {
        case .outdated: return Committed(session: session)
        case .loggedOut: return Committed(session: .new(group.random, now: now), mustIssue: true, isReplaced: true)
        case .kept:
            var kept = session
            kept.record = stored?.record
            if let record = stored?.record { kept.epoch = record.epoch }
            let hasBegun = session.record == nil && kept.record != nil
            return Committed(session: kept, mustIssue: kept.epoch != session.epoch || hasBegun)
        }
    }
}
