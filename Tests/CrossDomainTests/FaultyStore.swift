import SessionStores
import Sessions
import Synchronization

/// A store that fails when told to, and that lets somebody else write first.
final class FaultyStore: SessionStore {
    private let inner: MemoryStore
    private let isDown = Atomic(false)
    private let interlude = Mutex<(@Sendable () async throws -> Void)?>(nil)

    init(_ clock: TestClock) { inner = MemoryStore { clock.now } }

    func fail() { isDown.store(true, ordering: .sequentiallyConsistent) }

    /// Runs `body` once, before the next record is written: between what a request has read and what it writes.
    func beforeTheNextWrite(_ body: @escaping @Sendable () async throws -> Void) { interlude.withLock { $0 = body } }

    private func pass() throws {
        if isDown.load(ordering: .sequentiallyConsistent) { throw StoreError(.unavailable, "switched off by the test") }
    }

    func get(_ id: SessionID) async throws -> StoredRecord? {
        try pass()
        return try await inner.get(id)
    }

    func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult {
        try pass()
        let body = interlude.withLock { body in
            defer { body = nil }
            return body
        }
        if let body { try await body() }
        return try await inner.compareAndSet(id, expected: expected, record: record, expiresAt: expiresAt)
    }

    func remove(_ id: SessionID, expected: Int64) async throws -> Bool {
        try pass()
        return try await inner.remove(id, expected: expected)
    }

    func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool {
        try pass()
        return try await inner.spend(ticket, until: until)
    }

    func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        try pass()
        return try await inner.list(after: after, limit: limit)
    }

    func sweep() async throws -> Int { try await inner.sweep() }
    func count() async throws -> Int { try await inner.count() }
    var changes: AsyncStream<SessionID> { inner.changes }
    func close() async { await inner.close() }
}
