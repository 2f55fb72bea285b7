public import Metrics
public import Sessions

/// How often a store did what, what came of it, and how long it took.
public final class StoreMetrics: Sendable {
    /// What is asked of a store.
    public enum Operation: String, CaseIterable, Sendable {
        case get
        case compareAndSet = "compare_and_set"
        case remove, spend, list, sweep, count
    }

    /// How often, by operation and outcome: `ok`, or the kind of the ``StoreError``.
    public let outcomes = LabelledCounters()
    private let histograms = Dictionary(uniqueKeysWithValues: Operation.allCases.map { ($0, Histogram()) })

    /// Nothing counted yet.
    public init() {}

    /// How long an operation took, failed ones included.
    public func duration(of operation: Operation) -> Histogram.Snapshot {
        histograms[operation]?.snapshot ?? Histogram.Snapshot()
    }

    func record(_ operation: Operation, _ outcome: String, since start: UInt64, now: UInt64) {
        outcomes.count(operation.rawValue, outcome)
        histograms[operation]?.observe(nanoseconds: Int64(clamping: now &- start))
    }
}

/// A store whose operations are counted and timed.
public struct MeasuredStore: SessionStore {
    private let base: any SessionStore
    private let metrics: StoreMetrics
    private let clock: @Sendable () -> UInt64

    /// - Parameters:
    ///   - base: does the work.
    ///   - metrics: what is counted.
    ///   - clock: monotonic nanoseconds.
    public init(
        _ base: any SessionStore, metrics: StoreMetrics,
        clock: @escaping @Sendable () -> UInt64 = MonotonicClock.now
    ) {
        self.base = base
        self.metrics = metrics
        self.clock = clock
    }

    public func get(_ id: SessionID) async throws -> StoredRecord? {
        try await measured(.get) { try await base.get(id) }
    }

    public func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult {
        try await measured(.compareAndSet) {
            try await base.compareAndSet(id, expected: expected, record: record, expiresAt: expiresAt)
        }
    }

    public func remove(_ id: SessionID, expected: Int64) async throws -> Bool {
        try await measured(.remove) { try await base.remove(id, expected: expected) }
    }

    public func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool {
        try await measured(.spend) { try await base.spend(ticket, until: until) }
    }

    public func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        try await measured(.list) { try await base.list(after: after, limit: limit) }
    }

    public func list(user: String, after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        try await measured(.list) { try await base.list(user: user, after: after, limit: limit) }
    }

    public func sweep() async throws -> Int { try await measured(.sweep) { try await base.sweep() } }

    public func count() async throws -> Int { try await measured(.count) { try await base.count() } }

    public var changes: AsyncStream<SessionID> { base.changes }

    public func close() async { await base.close() }

    private func measured<Result>(
        _ operation: StoreMetrics.Operation, _ body: () async throws -> Result
    ) async throws -> Result {
        let start = clock()
        do {
            let result = try await body()
            metrics.record(operation, "ok", since: start, now: clock())
            return result
        } catch {
            let kind = (error as? StoreError)?.kind.rawValue ?? "unknown"
            metrics.record(operation, kind, since: start, now: clock())
            throw error
        }
    }
}
