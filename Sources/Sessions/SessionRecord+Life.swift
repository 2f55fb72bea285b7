extension SessionRecord {
    /// What a record says about a handle of its session.
    public enum Standing: Equatable, Sendable {
        /// The handle is honoured, as far as the record goes.
        case live
        /// The session was revoked.
        case revoked
        /// The session is at a later epoch than the handle.
        case superseded
        /// The session lost to another: go on there, if that one `honours` the mark.
        case forwarded(Forward)
    }

    /// What this record says about a handle of `epoch`. A handle of a later epoch than the record's is live: the record
    /// was read from a cache or a mirror that lags.
    public func standing(epoch: UInt32) -> Standing {
        if revokedAt != nil { return .revoked }
        if epoch < self.epoch { return .superseded }
        if let forward { return .forwarded(forward) }
        return .live
    }

    /// Whether this record, the winner's, takes in those who follow `mark`. If it does not, a handle to the loser
    /// counts as no handle, and the next comparison of domains brings the browser to the winner. A winner without a
    /// record always takes them in.
    ///
    /// It does not when it was revoked or has had a login since; nor when it has a user that the loser had not; nor when
    /// it has content and no user, for an app can be logged in without having said so. A handle to the loser may be in
    /// other hands (a planted session), and following a mark must not open anything. It may itself have been forwarded;
    /// a chain of marks is not free of circles, so whoever follows must count steps.
    public func honours(_ mark: Forward) -> Bool {
        guard revokedAt == nil, epoch <= mark.winnerEpoch else { return false }
        guard let user = user ?? forward?.user else { return cookies.isEmpty && data == nil }
        let app = userApp ?? forward?.userApp ?? ""
        return mark.user?.hasSameBytes(as: user) == true && (mark.userApp ?? "").hasSameBytes(as: app)
    }

    /// Whether the record's session is within its timeouts, by the record's own times.
    public func isAlive(timeouts: SessionTimeouts, now: Timestamp) -> Bool {
        now.since(lastSeen) <= timeouts.idle(isPersistent: isPersistent)
            && now.since(createdAt) < timeouts.absolute(isPersistent: isPersistent)
    }

    /// When a store may drop the record: never before the last handle that it speaks about has died.
    ///
    /// An hour is added, so that a clock that jumps an hour ahead and back makes no store forget, and a minute for the
    /// touches that `touch` leaves out. Marks and revocations reckon with the longer pair of timeouts, since handles of
    /// both kinds may be about.
    public func expiry(timeouts: SessionTimeouts) -> Timestamp {
        let mark = revokedAt ?? forward?.at
        let isMarked = mark != nil
        let idle = isMarked ? max(timeouts.idle, timeouts.persistentIdle) : timeouts.idle(isPersistent: isPersistent)
        let absolute =
            isMarked
            ? max(timeouts.absolute, timeouts.persistentAbsolute) : timeouts.absolute(isPersistent: isPersistent)
        let active = max(lastSeen, mark ?? lastSeen)
        return min(active.adding(idle), createdAt.adding(absolute))
            .adding(SessionTimeouts.toleratedJump).adding(SessionRecord.touchInterval)
    }
}
