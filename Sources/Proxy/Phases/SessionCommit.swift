internal import AppCookies
internal import Configuration
internal import CrossDomain
internal import SessionStores
internal import Sessions

/// A cookie that a browser held from before Tombolo.
struct HeldCookie: Sendable, Equatable {
    var name: String
    var value: String
}

/// What a request or its response asks to be remembered.
struct SessionChange: Sendable {
    /// `Set-Cookie` values of names in custody.
    var setCookies: [[UInt8]] = []
    /// Cookies to take over from the browser.
    var adopted: [HeldCookie] = []
    /// What the app says of its user in a response header.
    var user: UserStatement?
    /// Whether the app has dealt with the merges it was told of.
    var acknowledgesMerges = false

    /// The user header: a name binds, an empty one logs out.
    enum UserStatement: Sendable, Equatable {
        case bound(String)
        case loggedOut
    }

    var isEmpty: Bool { setCookies.isEmpty && adopted.isEmpty && user == nil && !acknowledgesMerges }
}

/// Where a change happens.
struct ChangePlace: Sendable {
    var route: RoutedDomain
    var host: String
    var path: [UInt8]
    var isSecure: Bool
}

/// A session after a change.
struct CommittedSession: Sendable {
    /// The session that goes on: the same one, or after a logout a new one.
    var session: ResolvedSession
    /// Whether the browser needs a new handle.
    var mustIssue: Bool
    /// Whether `session` is a new one.
    var isReplaced = false
}

/// Writes what an app's response means for its session: one compare-and-set, and a second one after a logout.
enum SessionCommit {
    /// Applies `change` to the session's record. When this returns, it is durable.
    ///
    /// A response to a request from before a login, a logout or a merge changes nothing: the app answered to somebody
    /// whose session has moved on.
    ///
    /// - Throws: ``StoreError``.
    static func apply(_ change: SessionChange, to session: ResolvedSession, at place: ChangePlace) async throws
        -> CommittedSession
    {
        let group = place.route.group
        let now = group.clock()
        let (stored, verdict) = try await group.repository.updateWithVerdict(session.id) { record -> Verdict in
            guard session.epoch == 0 || record != nil else { return .outdated }
            var changed = record ?? SessionRecord(createdAt: session.firstSeen, lastSeen: now)
            guard changed.revokedAt == nil, changed.forward == nil, changed.epoch == session.epoch else {
                return .outdated
            }
            let verdict = mutate(&changed, change, at: place, now: now)
            if record == nil, changed.hasNothingButDeletions { return .kept }
            record = changed
            return verdict
        }
        switch verdict {
        case .outdated:
            return CommittedSession(session: session, mustIssue: false)
        case .kept:
            var kept = session
            kept.record = stored?.record
            if let record = stored?.record {
                kept.epoch = record.epoch
                kept.isPersistent = kept.isPersistent || record.isPersistent
            }
            let isOther = kept.epoch != session.epoch || kept.isPersistent != session.isPersistent
            return CommittedSession(session: kept, mustIssue: isOther || (session.record == nil && kept.record != nil))
        case .loggedOut(let survivors):
            return try await restart(with: survivors, in: group, now: now)
        }
    }

    private enum Verdict: Sendable {
        /// The session goes on.
        case kept
        /// It was revoked; these cookies were set by the very response that ended it.
        case loggedOut(survivors: [AppCookie])
        /// The response is from before a login, logout or merge.
        case outdated
    }

    private static func mutate(
        _ record: inout SessionRecord, _ change: SessionChange, at place: ChangePlace, now: Timestamp
    ) -> Verdict {
        let app = place.route.domain.app
        var jar = CustodyJar(cookies: record.cookies, deletedCookies: record.deletedCookies)
        var touched: Set<String> = []
        for cookie in change.adopted {
            let result = jar.adopt(
                name: Array(cookie.name.utf8), value: Array(cookie.value.utf8), app: app, isSecure: place.isSecure,
                now: now)
            if case .stored = result { touched.insert(cookie.name) }
        }
        for line in change.setCookies {
            let result = jar.apply(
                line, app: app, host: place.host, path: place.path, isSecure: place.isSecure, now: now)
            if case .refused = result { continue }
            touched.insert(String(decoding: SetCookieParser.name(of: line), as: UTF8.self))
        }
        record.cookies = jar.cookies
        record.deletedCookies = jar.deletedCookies
        if jar.cookies.contains(where: { $0.expires != nil }) { record.isPersistent = true }
        if change.acknowledgesMerges { _ = record.acknowledgeMerges() }
        if !touched.isEmpty { _ = record.touch(now: now) }

        switch userStatement(change, record, touched, place: place, now: now) {
        case .bound(let user)?:
            if record.login(user: user, app: app, host: place.host) != .refused { return .kept }
            record.logout(at: now)
            return .loggedOut(survivors: [])
        case .loggedOut?:
            let survivors = record.cookies.filter { $0.app == app && touched.contains($0.name) }
            record.logout(at: now)
            return .loggedOut(survivors: survivors)
        case nil:
            return .kept
        }
    }

    /// What the response says of the user, by header or by one of the app's own cookies. A cookie of another app than
    /// the one that logged the user in has no say in the logout.
    private static func userStatement(
        _ change: SessionChange, _ record: SessionRecord, _ touched: Set<String>, place: ChangePlace, now: Timestamp
    ) -> SessionChange.UserStatement? {
        let app = place.route.domain.app
        if let user = change.user {
            if user == .loggedOut, record.user == nil { return nil }
            return user
        }
        let signals = place.route.signals
        for name in touched where signals.watches(name) {
            let value = record.cookies.last { $0.app == app && $0.name == name }?.value
            switch value.flatMap({ signals.read(name, $0, now: now) }) {
            case .user(let user)?: return .bound(user)
            case .anonymous?, nil: if record.user != nil, record.userApp == app { return .loggedOut }
            case .unreadable?: continue
            }
        }
        return nil
    }

    /// After a logout the browser goes on as somebody new, with what the app has just set (a message, say) and nothing
    /// else.
    private static func restart(
        with survivors: [AppCookie], in group: SessionGroup, now: Timestamp
    ) async throws -> CommittedSession {
        var fresh = ResolvedSession.new(group.random, now: now)
        if !survivors.isEmpty {
            fresh.record = try await group.repository.update(fresh.id) { record in
                record = SessionRecord(
                    createdAt: now, lastSeen: now, isPersistent: survivors.contains { $0.expires != nil },
                    cookies: survivors)
            }?.record
            fresh.isPersistent = fresh.record?.isPersistent ?? false
        }
        return CommittedSession(session: fresh, mustIssue: true, isReplaced: true)
    }
}

extension SessionRecord {
    /// A record that would remember nothing but that a cookie nobody held was deleted is not worth a row.
    fileprivate var hasNothingButDeletions: Bool {
        var bare = self
        bare.deletedCookies = []
        return bare.isEmpty
    }
}
