import NIOConcurrencyHelpers
import Sessions

/// Hands the ids of changed sessions to any number of streams.
final class ChangeFeed: Sendable {
    private struct State {
        var streams: [UInt64: AsyncStream<SessionID>.Continuation] = [:]
        var next: UInt64 = 0
        var isFinished = false
    }

    /// Enough for a burst; a reader that falls further behind loses the oldest ids.
    private static let backlog = 8192

    private let state = NIOLockedValueBox(State())

    /// A new stream that starts with the next change.
    func subscribe() -> AsyncStream<SessionID> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionID.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        let key: UInt64? = state.withLockedValue { state in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.streams[state.next] = continuation
            return state.next
        }
        guard let key else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLockedValue { _ = $0.streams.removeValue(forKey: key) }
        }
        return stream
    }

    /// Tells every stream of a change.
    func send(_ id: SessionID) {
        // Outside the lock: a stream that ends takes the lock to sign off.
        for continuation in state.withLockedValue({ Array($0.streams.values) }) {
            continuation.yield(id)
        }
    }

    /// Ends every stream.
    func finish() {
        let ended = state.withLockedValue { state in
            state.isFinished = true
            defer { state.streams = [:] }
            return Array(state.streams.values)
        }
        for continuation in ended { continuation.finish() }
    }
}
