internal import SessionStores
public import Sessions

/// A session that a request has proved to hold.
public struct ResolvedSession: Equatable, Sendable {
    /// The session's id after following marks: what upstreams see.
    public var id: SessionID
    /// The epoch the browser's handle proves.
    public var epoch: UInt32
    /// When the session was first seen.
    public var firstSeen: Timestamp
    /// When the browser's handle was issued; decides about re-issue.
    public var issuedAt: Timestamp
    /// Whether the cookie outlives the browser's session.
    public var isPersistent: Bool
    /// The stored part; nil while there is nothing to remember.
    public var record: SessionRecord? {
        get { shared?.record }
        set { shared = newValue.map(SessionRecord.Shared.init) }
    }
    /// The same, to be read without a copy.
    public private(set) var shared: SessionRecord.Shared?
    /// Whether the handle no longer says what is so: it names a session that was merged into this one, or ends with the
    /// browser although the session is to be remembered. The cookie is then renewed with the next page.
    public var needsRenewal: Bool

    /// Puts a resolved session together.
    public init(
        id: SessionID, epoch: UInt32, firstSeen: Timestamp, issuedAt: Timestamp, isPersistent: Bool,
        record: SessionRecord?, needsRenewal: Bool = false
    ) {
        self.init(
            id: id, epoch: epoch, firstSeen: firstSeen, issuedAt: issuedAt, isPersistent: isPersistent,
            shared: record.map(SessionRecord.Shared.init), needsRenewal: needsRenewal)
    }

    init(
        id: SessionID, epoch: UInt32, firstSeen: Timestamp, issuedAt: Timestamp, isPersistent: Bool,
        shared: SessionRecord.Shared?, needsRenewal: Bool
    ) {
        self.id = id
        self.epoch = epoch
        self.firstSeen = firstSeen
        self.issuedAt = issuedAt
        self.isPersistent = isPersistent
        self.shared = shared
        self.needsRenewal = needsRenewal
    }

    /// A session that begins now.
    public static func new(_ random: any RandomSource, now: Timestamp) -> ResolvedSession {
        ResolvedSession(
            id: .random(random), epoch: 0, firstSeen: now, issuedAt: now, isPersistent: false, shared: nil,
            needsRenewal: false)
    }

    /// What the decision table needs to know.
    public var side: Side {
        // Two apps may mean two people by one name: a user is somebody of an app.
        let user = record.flatMap { record in record.user.map { "\($0) of \(record.userApp ?? "")" } }
        return Side(id: id, user: user, hasRecord: record != nil, firstSeen: firstSeen)
    }

    /// What a ticket carries of it.
    public var carried: CarriedSession {
        CarriedSession(id: id, epoch: epoch, firstSeen: firstSeen, isPersistent: isPersistent)
    }
}

/// What a cookie or a ticket turned out to stand for.
public enum Resolution: Equatable, Sendable {
    /// Nothing, or nothing valid: the visitor is new here.
    case none
    /// A genuine handle of a live session from before a login or a merge. It proves nothing about the session as it is
    /// now, so it opens nothing; but it says that a current handle may be held on `peer`, which is worth a handshake.
    case stale(peer: String?)
    /// A session.
    case session(ResolvedSession)
    /// The record is not in the cache: ask the store.
    case unknown

    /// The session, if it is one.
    public var session: ResolvedSession? {
        if case .session(let session) = self { return session }
        return nil
    }
}

/// Judges what a handle or a ticket carries against the record: pure, the lookups are given.
///
/// Fails closed: whatever is revoked, idle, from another epoch or behind a mark into somebody's login is not a session.
public struct SessionResolver: Sendable {
    /// The group's timeouts.
    public let timeouts: SessionTimeouts
    /// The group's primary domain.
    public let primary: String

    /// What a lookup found.
    public enum Lookup: Sendable {
        case record(SessionRecord.Shared)
        case absent
        case unknown
    }

    /// Marks are written from loser to winner; a winner that loses later forwards in turn. Longer chains do not occur in
    /// practice and would cost a lookup each.
    static let longestChain = 4

    /// Resolves a handle that has been opened already.
    ///
    /// - Parameters:
    ///   - handle: what the browser, or a ticket, proves.
    ///   - now: the clock's time.
    ///   - lookup: the record of an id, from the cache or the store.
    public func resolve(_ handle: Handle, now: Timestamp, lookup: (SessionID) -> Lookup) -> Resolution {
        var id = handle.session
        var epoch = handle.epoch
        var mark: SessionRecord.Forward?
        for hop in 0..<Self.longestChain {
            let shared: SessionRecord.Shared
            switch lookup(id) {
            case .unknown:
                return .unknown
            case .absent:
                // Without a record there was never a login: a later epoch is one whose record has expired.
                guard epoch == 0, hop > 0 || timeouts.isAlive(handle, lastSeen: nil, now: now) else { return .none }
                return .session(session(handle, id: id, epoch: 0, nil, hop: hop))
            case .record(let found):
                shared = found
            }
            let record = shared.record
            if record.revokedAt != nil { return .none }
            if let forward = record.forward {
                guard epoch == record.epoch else { return .none }
                if let mark, !record.honours(mark) { return refusal(of: record) }
                id = forward.to
                epoch = forward.winnerEpoch
                mark = forward
                continue
            }
            // A mark is followed by whoever holds a handle to the loser, and a loser may have been planted: it opens no
            // session that somebody else is logged in to. The handshake asks for a proof instead.
            if let mark, !record.honours(mark) { return refusal(of: record) }
            if epoch > record.epoch { return .none }
            if epoch < record.epoch { return .stale(peer: record.epochHost) }
            guard timeouts.isAlive(handle, lastSeen: record.lastSeen, now: now) else { return .none }
            return .session(session(handle, id: id, epoch: epoch, shared, hop: hop))
        }
        return .none
    }

    /// A mark that is not followed. Behind it may be a login, which a handshake brings back; where nobody is logged in,
    /// the browser begins anew and the next comparison takes it to the winner.
    private func refusal(of winner: SessionRecord) -> Resolution {
        (winner.user ?? winner.forward?.user) == nil ? .none : .stale(peer: winner.epochHost ?? primary)
    }

    private func session(
        _ handle: Handle, id: SessionID, epoch: UInt32, _ shared: SessionRecord.Shared?, hop: Int
    ) -> ResolvedSession {
        let isPersistent = shared?.record.isPersistent == true
        return ResolvedSession(
            id: id, epoch: epoch, firstSeen: shared?.record.createdAt ?? handle.firstSeen, issuedAt: handle.issuedAt,
            isPersistent: handle.isPersistent || isPersistent, shared: shared,
            needsRenewal: hop > 0 || (isPersistent && !handle.isPersistent))
    }
}
