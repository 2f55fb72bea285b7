import NIOConcurrencyHelpers
import Sessions

/// Lets one task at a time work on a session, in the order of arrival; others wait without blocking a thread.
///
/// Compare-and-set would keep concurrent updates of one record correct without it, but of many in this process all but
/// one would fail and try again, over and over: a page that loads twenty images at once is enough.
final class UpdateGate: Sendable {
    /// Who waits, for each session that somebody works on.
    private let waiting = NIOLockedValueBox<[SessionID: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs `body` when it is the task's turn.
    func pass<Value>(
        _ id: SessionID, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        await enter(id)
        defer { leave(id) }
        return try await body()
    }

    private func enter(_ id: SessionID) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLockedValue { waiting in
                guard waiting[id] == nil else {
                    waiting[id]?.append(continuation)
                    return false
                }
                waiting[id] = []
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave(_ id: SessionID) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLockedValue { waiting in
            guard let queue = waiting[id], !queue.isEmpty else {
                waiting[id] = nil
                return nil
            }
            return waiting[id]?.removeFirst()
        }
        next?.resume()
    }
}
