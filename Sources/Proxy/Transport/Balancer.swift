import NIOCore

/// Chooses among the endpoints of one upstream: in turn, and with what their failures say about them.
///
/// An endpoint that refuses a connection, does not accept it in time, or breaks several responses in a row is put aside for
/// a time that grows from one failure to the next. When it is over, one request tries the endpoint again and decides: if it
/// is answered, the endpoint is back; if not, or if nothing comes of it, the next trial is after the next pause. If all
/// endpoints are aside, all are tried. An endpoint that is the only one is never put aside: there is nothing better.
///
/// Every event loop has its own, so that nothing is locked and nothing shared: each loop learns of a broken endpoint at the
/// price of one failed attempt, which its own request survives by trying the next endpoint.
struct Balancer {
    /// How failures are weighed.
    struct Rules {
        /// So many broken responses in a row put an endpoint aside.
        var brokenResponses = 3
        /// The first pause.
        var firstPause: TimeAmount = .seconds(1)
        /// The longest pause.
        var longestPause: TimeAmount = .seconds(60)
    }

    private struct Member {
        let endpoint: UpstreamEndpoint
        /// Whether it is used only if no other is to be had.
        var isSpare: Bool
        var broken = 0
        /// How many pauses there have been since it last worked.
        var pauses = 0
        /// When it may be tried again; nil: it is in use.
        var asideUntil: NIODeadline?
        /// Whether a request is to find out if it works again.
        var isOnTrial = false

        func isReady(_ now: NIODeadline) -> Bool { asideUntil.map { $0 <= now } ?? true }
    }

    private let rules: Rules
    private var members: [Member] = []
    /// Where the next round begins.
    private var turn = 0

    init(rules: Rules = Rules()) { self.rules = rules }

    /// Whether there is no choice.
    var isSingle: Bool { members.count == 1 }

    var isEmpty: Bool { members.isEmpty }

    var endpoints: [UpstreamEndpoint] { members.map(\.endpoint) }

    func contains(_ endpoint: UpstreamEndpoint) -> Bool { members.contains { $0.endpoint == endpoint } }

    /// The endpoints that are put aside.
    var aside: [UpstreamEndpoint] { members.filter { $0.asideUntil != nil }.map(\.endpoint) }

    /// Puts other endpoints in place. What is known of those that stay is kept.
    mutating func replace(with endpoints: [(endpoint: UpstreamEndpoint, isSpare: Bool)]) {
        let before = members
        members = []
        for new in endpoints where !contains(new.endpoint) {
            var member = before.first { $0.endpoint == new.endpoint } ?? Member(endpoint: new.endpoint, isSpare: false)
            member.isSpare = new.isSpare
            members.append(member)
        }
        if members.count == 1 { members[0] = Member(endpoint: members[0].endpoint, isSpare: false) }
    }

    // MARK: - Choosing

    /// The endpoint for the next request, none of those that it has `tried`; nil if there is no other.
    mutating func pick(now: NIODeadline, tried: [UpstreamEndpoint] = []) -> UpstreamEndpoint? {
        choice(now: now, tried: tried)?.endpoint
    }

    /// As ``pick(now:tried:)``, and whether this request is to find out if the endpoint works again.
    mutating func choice(
        now: NIODeadline, tried: [UpstreamEndpoint] = []
    ) -> (endpoint: UpstreamEndpoint, isTrial: Bool)? {
        if members.count == 1, tried.isEmpty { return (members[0].endpoint, false) }
        let ready = choose(tried) { !$0.isSpare && $0.isReady(now) } ?? choose(tried) { $0.isReady(now) }
        guard let index = ready ?? choose(tried, { _ in true }) else { return nil }
        let isTrial = ready != nil && members[index].asideUntil != nil
        if isTrial {
            // This request is the trial. Until it has come to something, others stay away, but no longer than a pause.
            members[index].isOnTrial = true
            members[index].asideUntil = now + pause(after: members[index].pauses, jitter: 1)
        }
        turn = index + 1
        return (members[index].endpoint, isTrial)
    }

    private func choose(_ tried: [UpstreamEndpoint], _ isWanted: (Member) -> Bool) -> Int? {
        for step in members.indices {
            let index = (turn + step) % members.count
            if isWanted(members[index]), !tried.contains(members[index].endpoint) { return index }
        }
        return nil
    }

    // MARK: - Learning

    /// Notes that an endpoint has answered; true if it had been aside.
    mutating func answered(_ endpoint: UpstreamEndpoint) -> Bool {
        guard members.count > 1, let index = index(of: endpoint) else { return false }
        let wasAside = members[index].asideUntil != nil
        members[index].broken = 0
        members[index].pauses = 0
        members[index].asideUntil = nil
        members[index].isOnTrial = false
        return wasAside
    }

    /// Notes that no connection could be had; true if the endpoint is aside now and was not before.
    ///
    /// - Parameter jitter: from 0 to 1; several processes are not to try again at the same time.
    mutating func unreachable(_ endpoint: UpstreamEndpoint, now: NIODeadline, jitter: Double) -> Bool {
        guard members.count > 1, let index = index(of: endpoint) else { return false }
        return putAside(index, now, jitter)
    }

    /// Notes that a response was not given, or was none; true if the endpoint is aside now and was not before.
    mutating func broke(_ endpoint: UpstreamEndpoint, now: NIODeadline, jitter: Double) -> Bool {
        guard members.count > 1, let index = index(of: endpoint) else { return false }
        members[index].broken += 1
        guard members[index].asideUntil != nil || members[index].broken >= rules.brokenResponses else { return false }
        return putAside(index, now, jitter)
    }

    private mutating func putAside(_ index: Int, _ now: NIODeadline, _ jitter: Double) -> Bool {
        let isNew = members[index].asideUntil == nil
        // Attempts that were under way already, and those made because all are aside, say nothing new.
        guard isNew || members[index].isOnTrial else { return false }
        members[index].isOnTrial = false
        members[index].asideUntil = now + pause(after: members[index].pauses, jitter: jitter)
        members[index].pauses += 1
        return isNew
    }

    /// Twice as long each time, and between half and all of that.
    private func pause(after pauses: Int, jitter: Double) -> TimeAmount {
        let longest = rules.longestPause.nanoseconds
        // Sixteen doublings are beyond any pause, and the shift stays far from the sign.
        let grown = min(longest, rules.firstPause.nanoseconds << Int64(min(pauses, 16)))
        return .nanoseconds(grown / 2 + Int64(Double(grown / 2) * min(max(jitter, 0), 1)))
    }

    private func index(of endpoint: UpstreamEndpoint) -> Int? { members.firstIndex { $0.endpoint == endpoint } }
}
