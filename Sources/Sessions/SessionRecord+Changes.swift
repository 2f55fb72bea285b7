extension SessionRecord {
    /// What a login did to a record.
    public enum LoginResult: Equatable, Sendable {
        /// This user was bound by this app already; nothing has changed.
        case unchanged
        /// The user is bound and the epoch raised: this browser needs a new handle at once.
        case raised
        /// The user was **not** bound, because the session was revoked or has lost to another meanwhile, or because its
        /// epoch cannot be raised any more: bind the user to a new session.
        case refused
    }

    /// Binds a user and raises the epoch, so that handles from before, planted ones included, stop resolving.
    ///
    /// The same user again from the same app changes nothing, whatever other apps have said meanwhile. The first time,
    /// another app counts as another login even with the same user: two apps may mean two people by one name.
    ///
    /// - Parameters:
    ///   - app: the app whose signal it was.
    ///   - host: the domain on which it happened.
    @discardableResult
    public mutating func login(user: String, app: String, host: String) -> LoginResult {
        guard revokedAt == nil, forward == nil else { return .refused }
        let known = appUsers.firstIndex { $0.app.hasSameBytes(as: app) }
        if let known, appUsers[known].user.hasSameBytes(as: user) { return .unchanged }
        guard known != nil || appUsers.count < SessionRecord.maximumAppUsers else { return .refused }
        let (next, overflow) = epoch.addingReportingOverflow(1)
        guard !overflow else { return .refused }
        epoch = next
        epochHost = host
        self.user = user
        userApp = app
        if let known { appUsers[known].user = user } else { appUsers.append(AppUser(app: app, user: user)) }
        return .raised
    }

    /// The most apps that can each have a user in one session.
    public static let maximumAppUsers = 32

    /// The user that an app has logged in; nil if it has none here.
    public func user(of app: String) -> String? {
        appUsers.first { $0.app.hasSameBytes(as: app) }?.user
    }

    /// Ends the session on all domains: nothing of its content stays, only the fact that it was revoked.
    public mutating func revoke(at now: Timestamp) {
        clearContent()
        forward = nil
        revokedAt = revokedAt ?? now
    }

    /// The user has logged out: the session ends on all domains.
    public mutating func logout(at now: Timestamp) {
        revoke(at: now)
    }

    /// Leaves a forwarding mark: this session has lost to `winner`, which is now at `winnerEpoch`. Its content is gone;
    /// merge before, if it is to be kept. A revoked session stays revoked and gets no mark.
    public mutating func markForward(to winner: SessionID, winnerEpoch: UInt32, at now: Timestamp) {
        guard revokedAt == nil else { return }
        forward = Forward(
            to: winner, winnerEpoch: winnerEpoch, at: now, user: user ?? forward?.user,
            userApp: userApp ?? forward?.userApp)
        clearContent()
    }

    private mutating func clearContent() {
        user = nil
        userApp = nil
        appUsers = []
        cookies = []
        deletedCookies = []
        data = nil
        mergedFrom = []
    }

    /// How often `lastSeen` is written, in seconds.
    public static let touchInterval: Int64 = 60

    /// Notes that the session was seen, at most once a minute; `true` if the record has changed and is to be stored.
    ///
    /// Revoked and forwarded records are not touched: their marks end when they must. A time further in the future than
    /// `SessionTimeouts.toleratedJump` comes from a wrong clock and is set right.
    public mutating func touch(now: Timestamp) -> Bool {
        guard isDueForTouch(now: now) else { return false }
        lastSeen = now
        return true
    }

    /// Whether ``touch(now:)`` would change the record.
    public func isDueForTouch(now: Timestamp) -> Bool {
        guard revokedAt == nil, forward == nil else { return false }
        let age = now.since(lastSeen)
        return age >= SessionRecord.touchInterval || age < -SessionTimeouts.toleratedJump
    }
}

extension SessionRecord {
    /// How long upstreams are told of a merge, in seconds.
    public static let mergeReportTime: Int64 = 600

    /// The sessions whose merge upstreams are still to be told of, oldest first.
    public func pendingMerges(now: Timestamp) -> [SessionID] {
        mergedFrom.filter { now.since($0.at) < SessionRecord.mergeReportTime }.map(\.session)
    }

    /// Drops merges that upstreams have been told of for ten minutes; `true` if the record has changed.
    public mutating func dropOldMerges(now: Timestamp) -> Bool {
        let before = mergedFrom.count
        mergedFrom.removeAll { now.since($0.at) >= SessionRecord.mergeReportTime }
        return mergedFrom.count != before
    }

    /// An upstream has acknowledged these merges (`nil`: all of them); `true` if the record has changed.
    public mutating func acknowledgeMerges(_ sessions: [SessionID]? = nil) -> Bool {
        let before = mergedFrom.count
        mergedFrom.removeAll { merge in sessions?.contains(merge.session) ?? true }
        return mergedFrom.count != before
    }
}
