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
    var mustIssue = false
    /// Whether `session` is a new one.
    var isReplaced = false
    /// Cookies that custody would not take, for the operator.
    var refused: [RefusedCookie] = []
}

/// A `Set-Cookie` that a browser would not have kept either.
struct RefusedCookie: Sendable, Equatable {
    var name: String
    var reason: String
}

/// Writes what an app's response means for its session: one compare-and-set, and a second one where a new session begins.
enum SessionCommit {
    /// Applies `change` to the session's record. When this returns, it is durable.
    ///
    /// A response to a request from before a login, a logout or a merge has come too late for the session it belongs to:
    /// the app answered to somebody whose session has moved on. Of such a response only a login counts, which begins a
    /// session of its own, and a logout, which ends what the session has become.
    ///
    /// - Parameter onlyLogin: the session is not known to be this browser's own beginning: nothing is remembered unless
    ///   the change logs somebody in.
    /// - Throws: ``StoreError``.
    static func apply(
        _ change: SessionChange, to session: ResolvedSession, at place: ChangePlace, onlyLogin: Bool
    ) async throws -> CommittedSession {
        let group = place.route.group
        let now = group.clock()
        let (stored, effect) = try await group.repository.updateWithVerdict(session.id) { record -> Effect in
            guard session.epoch == 0 || record != nil else { return Effect(.outdated) }
            var changed = record ?? SessionRecord(createdAt: session.firstSeen, lastSeen: now)
            guard changed.standing(epoch: session.epoch) == .live, changed.epoch == session.epoch else {
                return Effect(.outdated)
            }
            let effect = mutate(&changed, change, at: place, now: now)
            if onlyLogin, changed.user == nil { return Effect(.kept, refused: effect.refused) }
            if record == nil, changed.hasNothingButDeletions { return effect }
            record = changed
            return effect
        }
        var result: CommittedSession
        switch effect.verdict {
        case .outdated: result = try await applyLate(change, to: session, at: place, now: now)
        case .kept: result = kept(session, as: stored?.record)
        case .loggedOut(let remains): result = try await restart(with: remains, in: group, now: now)
        }
        result.refused = effect.refused
        return result
    }

    private static func kept(_ session: ResolvedSession, as record: SessionRecord?) -> CommittedSession {
        var kept = session
        kept.record = record
        if let record {
            kept.epoch = record.epoch
            kept.isPersistent = kept.isPersistent || record.isPersistent
        }
        return CommittedSession(
            session: kept, mustIssue: kept.epoch != session.epoch || kept.isPersistent != session.isPersistent)
    }

    /// What a change comes to.
    private struct Effect: Sendable {
        var verdict: Verdict
        var refused: [RefusedCookie]

        init(_ verdict: Verdict, refused: [RefusedCookie] = []) {
            self.verdict = verdict
            self.refused = refused
        }
    }

    private enum Verdict: Sendable {
        /// The session goes on.
        case kept
        /// It was revoked; this is what the next one begins with.
        case loggedOut(Remains)
        /// The response is from before a login, logout or merge.
        case outdated
    }

    /// What outlives a logout.
    private struct Remains: Sendable {
        /// Cookies that were set by the very response that ended the session: a message, say.
        var cookies: [AppCookie] = []
        /// Names that were in custody: a browser's copy from before Tombolo must not log anybody in again.
        var gone: [CookieKey] = []
    }

    private static func mutate(
        _ record: inout SessionRecord, _ change: SessionChange, at place: ChangePlace, now: Timestamp
    ) -> Effect {
        let app = place.route.domain.app
        var jar = record.custody
        var touched: Set<String> = []
        var refused: [RefusedCookie] = []
        for cookie in change.adopted {
            let result = jar.adopt(
                name: Array(cookie.name.utf8), value: Array(cookie.value.utf8), app: app, isSecure: place.isSecure,
                now: now)
            if case .stored = result { touched.insert(cookie.name) }
        }
        for line in change.setCookies {
            let name = String(decoding: SetCookieParser.name(of: line), as: UTF8.self)
            let result = jar.apply(
                line, app: app, host: place.host, path: place.path, isSecure: place.isSecure, now: now)
            if case .refused(let reason) = result {
                refused.append(RefusedCookie(name: name, reason: reason.rawValue))
            } else {
                touched.insert(name)
            }
        }
        let before = record.cookies.map(\.key) + record.deletedCookies
        record.custody = jar
        if jar.cookies.contains(where: { $0.expires != nil }) { record.isPersistent = true }
        if change.acknowledgesMerges { _ = record.acknowledgeMerges() }
        if !touched.isEmpty { _ = record.touch(now: now) }

        let survivors = record.cookies.filter { $0.app == app && touched.contains($0.name) }
        let kept = Set(survivors.map(\.key))
        let remains = Remains(cookies: survivors, gone: Array(Set(before).subtracting(kept)))
        switch userStatement(change, record, touched, place: place, now: now) {
        case .bound(let user)?:
            if record.login(user: user, app: app, host: place.host) != .refused {
                return Effect(.kept, refused: refused)
            }
            record.logout(at: now)
            return Effect(.loggedOut(Remains(gone: remains.gone)), refused: refused)
        case .loggedOut?:
            record.logout(at: now)
            return Effect(.loggedOut(remains), refused: refused)
        case nil:
            return Effect(.kept, refused: refused)
        }
    }

    /// What the response says of the user, by header or by one of the app's own cookies. A cookie of an app that has
    /// nobody logged in has no say in the logout.
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
            case .anonymous?, nil: if record.user(of: app) != nil { return .loggedOut }
            case .unreadable?: continue
            }
        }
        return nil
    }

    // MARK: New sessions

    /// A response that came too late for its session.
    private static func applyLate(
        _ change: SessionChange, to session: ResolvedSession, at place: ChangePlace, now: Timestamp
    ) async throws -> CommittedSession {
        // As if it were the first of a session, to see what it says by itself.
        var alone = SessionRecord(createdAt: now, lastSeen: now)
        if let record = session.record { alone.appUsers = record.appUsers }
        alone.user = session.record?.user
        alone.userApp = session.record?.userApp
        let effect = mutate(&alone, change, at: place, now: now)
        if case .loggedOut(let remains) = effect.verdict, session.record?.user != nil {
            try await revoke(session.id, in: place.route.group, now: now)
            return try await restart(with: remains, in: place.route.group, now: now)
        }
        guard case .kept = effect.verdict, alone.epoch > 0 else { return CommittedSession(session: session) }
        var fresh = ResolvedSession.new(place.route.group.random, now: now)
        fresh.record = try await place.route.group.repository.update(fresh.id) { [alone] in $0 = alone }?.record
        fresh.epoch = alone.epoch
        fresh.isPersistent = alone.isPersistent
        return CommittedSession(session: fresh, mustIssue: true, isReplaced: true)
    }

    /// Ends what a session has become, along its marks as far as they may be followed.
    private static func revoke(_ id: SessionID, in group: SessionGroup, now: Timestamp) async throws {
        var next: SessionID? = id
        var mark: SessionRecord.Forward?
        for _ in 0..<4 {
            guard let current = next else { return }
            let (_, forward) = try await group.repository.updateWithVerdict(current) { [mark] record in
                guard var found = record, found.revokedAt == nil else { return nil as SessionRecord.Forward? }
                if let mark, !found.honours(mark) { return nil }
                if let forward = found.forward { return forward }
                found.logout(at: now)
                record = found
                return nil
            }
            next = forward?.to
            mark = forward
        }
    }

    /// After a logout the browser goes on as somebody new.
    private static func restart(
        with remains: Remains, in group: SessionGroup, now: Timestamp
    ) async throws -> CommittedSession {
        var fresh = ResolvedSession.new(group.random, now: now)
        if !remains.cookies.isEmpty || !remains.gone.isEmpty {
            fresh.record = try await group.repository.update(fresh.id) { record in
                record = SessionRecord(
                    createdAt: now, lastSeen: now, isPersistent: remains.cookies.contains { $0.expires != nil },
                    cookies: remains.cookies, deletedCookies: remains.gone)
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
