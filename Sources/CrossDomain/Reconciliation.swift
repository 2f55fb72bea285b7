internal import Configuration
internal import Metrics
internal import SessionStores
internal import Sessions

/// What became of two sessions that were compared.
struct Reconciliation: Sendable {
    /// The table's answer.
    var decision: Decision
    /// The session that goes on; with `.keepBoth` the current domain's own.
    var winner: ResolvedSession
}

extension SessionGroup {
    /// Compares the current domain's session with the primary's and leaves the marks the decision asks for.
    ///
    /// Only for comparisons that are bound to one browser on both sides (the fetch rung, the handshake): a mark lets every
    /// holder of a handle to the loser arrive at the winner.
    ///
    /// The winner is written first: should the process end in between, nothing is lost, and the next check repeats it.
    ///
    /// - Throws: ``StoreError``.
    func reconcile(current: ResolvedSession, primary: ResolvedSession) async throws -> Reconciliation {
        do {
            let (result, outcome) = try await compare(current: current, primary: primary)
            metrics.merges.count(settings.name, outcome.rawValue)
            return result
        } catch {
            metrics.merges.count(settings.name, MergeOutcome.storeUnavailable.rawValue)
            throw error
        }
    }

    /// What a comparison comes to, for numbers.
    private enum MergeOutcome: String {
        /// The table has nothing to mark: the same session, or one of the two is new, or each keeps its own.
        case unmarked
        /// The loser has a mark, and its records are in the winner.
        case merged
        /// The loser has a mark, and nothing of it was taken over.
        case replaced
        /// The winner was logged in, out or merged in the meantime.
        case overtaken
        case storeUnavailable = "store_unavailable"
    }

    private func compare(
        current: ResolvedSession, primary: ResolvedSession
    ) async throws -> (Reconciliation, MergeOutcome) {
        let decision = decide(current: current.side, primary: primary.side)
        var winner = decision.outcome == .replace ? primary : current
        let loser = decision.outcome == .replace ? current : primary
        guard decision.marksLoser else { return (Reconciliation(decision: decision, winner: winner), .unmarked) }

        let now = clock()
        // Row 7 is two different people: the winner's apps are not told of the other's session.
        if decision.row != 7 {
            let (stored, isTaken) = try await repository.updateWithVerdict(winner.id) { [winner] record -> Bool in
                var own = record ?? SessionRecord(createdAt: winner.firstSeen, lastSeen: now)
                guard own.standing(epoch: winner.epoch) == .live, own.epoch == winner.epoch else { return false }
                // Without merging, the mark alone is noted: upstreams that keep carts by session id can bring them over.
                let content = decision.mergesRecords ? loser.record : nil
                merge(
                    winner: &own, winnerID: winner.id, loser: content ?? SessionRecord(createdAt: loser.firstSeen),
                    loserID: loser.id, now: now)
                record = own
                return true
            }
            winner.record = stored?.record
            // Logged in, out or merged in the meantime: the winner took nothing, so the loser keeps what it has.
            guard isTaken else { return (Reconciliation(decision: decision, winner: winner), .overtaken) }
        }
        try await repository.update(loser.id) { [winner] record in
            var own = record ?? SessionRecord(createdAt: loser.firstSeen, lastSeen: now)
            guard own.standing(epoch: loser.epoch) == .live, own.epoch == loser.epoch else { return }
            // Somebody else is just deciding the other way round: one of the two marks must not be, or they form a circle.
            let isContested = own.mergedFrom.contains { $0.session == winner.id }
            guard !isContested || winner.id.hex < loser.id.hex else { return }
            own.markForward(to: winner.id, winnerEpoch: winner.epoch, at: now)
            record = own
        }
        let outcome: MergeOutcome = decision.mergesRecords && decision.row != 7 ? .merged : .replaced
        return (Reconciliation(decision: decision, winner: winner), outcome)
    }

    /// The group's decision table for two sides.
    func decide(current: Side?, primary: Side?) -> Decision {
        let policy: Sessions.Policy =
            switch settings.policy {
            case .tombolo: .tombolo
            case .flaskCrossDomainSession: .flaskCrossDomainSession
            case .djangoSharedSession(let always): .djangoSharedSession(alwaysReplace: always)
            }
        return Sessions.decide(
            current: current, primary: primary, policy: policy,
            conflict: settings.conflict == .keep ? .keep : .replace, now: clock())
    }
}
