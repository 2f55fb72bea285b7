internal import NIOConcurrencyHelpers

/// What became of attempts to put a changed configuration in force.
public final class ReloadMetrics: Sendable {
    private struct State {
        var succeeded = 0
        var failed = 0
        var lastSuccess: Int64
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter now: Unix time of the start in seconds, when the first configuration came into force.
    public init(now: Int64) { state = NIOLockedValueBox(State(lastSuccess: now)) }

    /// A configuration came into force.
    ///
    /// - Parameter now: Unix time in seconds.
    public func succeeded(now: Int64) {
        state.withLockedValue { state in
            state.succeeded += 1
            state.lastSuccess = now
        }
    }

    /// One had mistakes, and the old one stays.
    public func failed() { state.withLockedValue { $0.failed += 1 } }

    var values: (succeeded: Int, failed: Int, lastSuccess: Int64) {
        state.withLockedValue { ($0.succeeded, $0.failed, $0.lastSuccess) }
    }
}
