internal import NIOConcurrencyHelpers

/// Waits for something, but not for ever: nil if it has taken longer. It then goes on by itself, and nobody looks at it.
func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async -> Value
) async -> Value? {
    await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
        let waiting = NIOLockedValueBox<CheckedContinuation<Value?, Never>?>(continuation)
        let finish = { @Sendable (value: Value?) in
            let continuation = waiting.withLockedValue { waiting in
                defer { waiting = nil }
                return waiting
            }
            continuation?.resume(returning: value)
        }
        let clock = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            finish(nil)
        }
        Task {
            finish(await body())
            clock.cancel()
        }
    }
}
