/// One of two sessions that are compared: what a domain's handle says, and what the store knows.
public struct Side: Equatable, Sendable {
    /// The session.
    public var id: SessionID
    /// The user who is bound to it, if any.
    public var user: String?
    /// Whether a record exists.
    public var hasRecord: Bool
    /// When the session was first seen.
    public var firstSeen: Timestamp

    /// How long a session without a record counts as new, in seconds.
    public static let newness: Int64 = 60

    /// A side of its parts.
    public init(id: SessionID, user: String?, hasRecord: Bool, firstSeen: Timestamp) {
        self.id = id
        self.user = user
        self.hasRecord = hasRecord
        self.firstSeen = firstSeen
    }

    /// No record and first seen within the last minute. A session with a user is never new.
    public func isNew(now: Timestamp) -> Bool {
        !hasRecord && user == nil && now.since(firstSeen) <= Side.newness
    }
}

/// What becomes of two different users on two domains (row 7).
public enum Conflict: String, Equatable, Sendable {
    /// The primary's session replaces the current one.
    case replace
    /// Each domain keeps its own.
    case keep
}

/// The rules by which sessions are compared.
public enum Policy: Equatable, Sendable {
    /// Tombolo's own table: nothing with a user is lost to anything without, domains converge.
    case tombolo
    /// The rules R1 to R4d of Flask-CrossDomain-Session, as its code has them: no marks, no merging.
    case flaskCrossDomainSession
    /// The rules of django-shared-session: a domain that has a session keeps it, unless `alwaysReplace`
    /// (`SHARED_SESSION_ALWAYS_REPLACE`). No marks, no merging.
    case djangoSharedSession(alwaysReplace: Bool)
}

/// What to do after a comparison.
public struct Decision: Equatable, Sendable {
    /// What the current domain is told.
    public enum Outcome: Equatable, Sendable {
        /// It goes on with its own session, which is the winner.
        case useCurrent
        /// It takes the primary's session.
        case replace
        /// Both domains keep what they have; there is no winner.
        case keepBoth
    }

    /// What the current domain is told.
    public var outcome: Outcome
    /// The row of the table that decided, 1 to 8, for logs and metrics. The presets use the row of the same meaning.
    public var row: Int
    /// The loser's record gets a forwarding mark to the winner.
    public var marksLoser: Bool
    /// What the loser has and the winner lacks goes over to the winner (`merge`).
    public var mergesRecords: Bool
    /// The primary takes the current session: it sets its own cookies to it.
    public var primaryAdopts: Bool

    /// A decision of its parts.
    public init(
        outcome: Outcome, row: Int, marksLoser: Bool = false, mergesRecords: Bool = false, primaryAdopts: Bool = false
    ) {
        self.outcome = outcome
        self.row = row
        self.marksLoser = marksLoser
        self.mergesRecords = mergesRecords
        self.primaryAdopts = primaryAdopts
    }
}

/// Decides which of two domains' sessions wins. Pure: the same input always gives the same answer.
///
/// - Parameters:
///   - current: the session of the domain that asks; `nil` if it has none that is alive.
///   - primary: the primary's; `nil` if it has none that is alive.
///   - conflict: what row 7 does. Only `Policy.tombolo` asks; the presets have rules of their own.
public func decide(
    current: Side?, primary: Side?, policy: Policy, conflict: Conflict, now: Timestamp
) -> Decision {
    if let current, let primary, current.id == primary.id {
        return Decision(outcome: .useCurrent, row: 1)
    }
    switch policy {
    case .tombolo: return decideByTable(current: current, primary: primary, conflict: conflict, now: now)
    case .flaskCrossDomainSession: return decideLikeFlask(current: current, primary: primary, now: now)
    case .djangoSharedSession(let alwaysReplace):
        return decideLikeDjango(current: current, primary: primary, alwaysReplace: alwaysReplace)
    }
}

/// Rows 2 to 8 of Tombolo's own table; the sessions are known to differ.
private func decideByTable(current: Side?, primary: Side?, conflict: Conflict, now: Timestamp) -> Decision {
    guard let primary, !primary.isNew(now: now) else {
        return Decision(outcome: .useCurrent, row: 2, primaryAdopts: current != nil)
    }
    guard let current, !current.isNew(now: now) else {
        return Decision(outcome: .replace, row: 3)
    }
    switch (current.user, primary.user) {
    case (.some, nil):
        return Decision(outcome: .useCurrent, row: 4, marksLoser: true, primaryAdopts: true)
    case (nil, .some):
        return Decision(outcome: .replace, row: 5, marksLoser: true)
    case (.some(let user), .some(let other)) where user.hasSameBytes(as: other):
        return Decision(outcome: .replace, row: 6, marksLoser: true, mergesRecords: true)
    case (.some, .some):
        return conflict == .keep
            ? Decision(outcome: .keepBoth, row: 7) : Decision(outcome: .replace, row: 7, marksLoser: true)
    case (nil, nil):
        return outranks(current, primary)
            ? Decision(outcome: .useCurrent, row: 8, marksLoser: true, mergesRecords: true, primaryAdopts: true)
            : Decision(outcome: .replace, row: 8, marksLoser: true, mergesRecords: true)
    }
}

/// Row 8: the one with a record, else the older, else the primary's.
private func outranks(_ current: Side, _ primary: Side) -> Bool {
    guard current.hasRecord == primary.hasRecord else { return current.hasRecord }
    return current.firstSeen < primary.firstSeen
}
