/// Takes into the winner what the loser has and the winner lacks (rows 6 and 8 of the table).
///
/// The winner's cookies and data keys win; a cookie that the winner has deleted does not come back. User, epoch and
/// timeouts are the winner's alone. The winner's `mergedFrom` gains the loser, and what the loser had still to report.
/// A loser that is merged twice is reported once. A winner that was revoked or forwarded meanwhile takes nothing in.
public func merge(
    winner: inout SessionRecord, winnerID: SessionID, loser: SessionRecord, loserID: SessionID, now: Timestamp
) {
    guard winner.revokedAt == nil, winner.forward == nil else { return }
    let held = Set(winner.cookies.map(\.key))
    let gone = Set(winner.deletedCookies)
    winner.cookies += loser.cookies.filter { !held.contains($0.key) && !gone.contains($0.key) }
    let present = Set(winner.cookies.map(\.key))
    winner.deletedCookies += loser.deletedCookies.filter { !gone.contains($0) && !present.contains($0) }

    winner.data = JSONObject.merged(winner: winner.data, loser: loser.data)
    winner.lastSeen = max(winner.lastSeen, loser.lastSeen)

    var reported: Set<SessionID> = [winnerID]
    var merges: [SessionRecord.Merge] = []
    for merge in winner.mergedFrom + loser.mergedFrom + [SessionRecord.Merge(session: loserID, at: now)]
    where now.since(merge.at) < SessionRecord.mergeReportTime && reported.insert(merge.session).inserted {
        merges.append(merge)
    }
    // Bounded, because each becomes part of a request header field: the newest are the ones that matter.
    winner.mergedFrom = merges.suffix(SessionRecord.maximumMerges)
}

extension SessionRecord {
    /// The most merges that are reported at once.
    public static let maximumMerges = 16
}
