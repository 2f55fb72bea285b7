public import Metrics

/// How often sessions were carried from domain to domain, by group, step and outcome.
///
/// The outcomes of requests to `/crossdomain` are the words of their answers: a `result`, or an `error` code.
public final class LadderMetrics: Sendable {
    /// The legs of handshakes: group, step (`start`, `sync`, `finish`), outcome.
    public let handshakes = LabelledCounters()
    /// The loader's questions: group, step (`begin`, `check`, `replace`), outcome.
    public let checks = LabelledCounters()
    /// Visits with a ticket in the address: group, outcome.
    public let arrivals = LabelledCounters()
    /// Comparisons of two sessions: group, outcome.
    public let merges = LabelledCounters()

    /// Nothing counted yet.
    public init() {}
}
