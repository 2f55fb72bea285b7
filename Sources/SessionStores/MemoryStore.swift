import NIOConcurrencyHelpers
public import Sessions

/// A store in this process's memory, for tests and for installations that may forget everything at a restart.
///
/// It is bounded, and when it is full of live records it *refuses* the next one with ``StoreError/Kind/full`` rather
/// than evicting another: whoever can make sessions would otherwise be able to log out other people, silently, by
/// making enough of them. A refused record costs only the newcomer, and the operator sees the error.
public final class MemoryStore: SessionStore {
    private struct Entry {
        var stored: StoredRecord
        var expiresAt: Timestamp
    }

    private struct State {
        var records: [SessionID: Entry] = [:]
        var spent: [TicketID: Timestamp] = [:]
        /// Counts writes over the whole store, so that no version ever comes back.
        var lastVersion: Int64 = 0
        /// No record (ticket) expires before this: saves looking for expired ones in a store full of live ones.
        var firstExpiry = Timestamp(seconds: .max)
        var firstSpentExpiry = Timestamp(seconds: .max)
        var isClosed = false
    }

    private let maxRecords: Int
    private let maxSpentTickets: Int
    private let clock: @Sendable () -> Timestamp
    private let state = NIOLockedValueBox(State())
    private let feed = ChangeFeed()

    /// An empty store.
    ///
    /// - Parameters:
    ///   - maxRecords: how many records it holds at most, at least 1.
    ///   - maxSpentTickets: how many unexpired spent tickets it remembers at most; one more is refused with
    ///     ``StoreError/Kind/full``, since a forgotten ticket could be spent twice.
    ///   - clock: tells the time.
    public init(
        maxRecords: Int = 100_000, maxSpentTickets: Int = 1_000_000,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.maxRecords = max(1, maxRecords)
        self.maxSpentTickets = max(1, maxSpentTickets)
        self.clock = clock
    }

    public func get(_ id: SessionID) async throws -> StoredRecord? {
        let now = clock()
        return try withState { Self.live(id, in: $0, now: now)?.stored }
    }

    public func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult {
        let now = clock()
        let result: CompareAndSetResult = try withState { state in
            let present = Self.live(id, in: state, now: now)?.stored
            guard present?.version == expected else { return .conflict(present) }
            if state.records[id] == nil, state.records.count >= maxRecords {
                Self.dropExpiredRecords(from: &state, at: now)
                guard state.records.count < maxRecords else { throw full("\(maxRecords) sessions") }
            }
            state.lastVersion += 1
            state.records[id] = Entry(
                stored: StoredRecord(record: record, version: state.lastVersion), expiresAt: expiresAt)
            state.firstExpiry = min(state.firstExpiry, expiresAt)
            return .stored(version: state.lastVersion)
        }
        if case .stored = result { feed.send(id) }
        return result
    }

    public func remove(_ id: SessionID, expected: Int64) async throws -> Bool {
        let now = clock()
        let removed = try withState { state in
            guard Self.live(id, in: state, now: now)?.stored.version == expected else { return false }
            state.records[id] = nil
            return true
        }
        if removed { feed.send(id) }
        return removed
    }

    public func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool {
        let now = clock()
        return try withState { state in
            guard until > now, state.spent[ticket] == nil else { return false }
            if state.spent.count >= maxSpentTickets {
                Self.dropExpiredTickets(from: &state, at: now)
                guard state.spent.count < maxSpentTickets else { throw full("\(maxSpentTickets) spent tickets") }
            }
            state.spent[ticket] = until
            state.firstSpentExpiry = min(state.firstSpentExpiry, until)
            return true
        }
    }

    public func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        let now = clock()
        let first = after?.bytes
        let candidates = try withState { state in
            state.records.compactMap { id, entry -> ([UInt8], SessionID, StoredRecord)? in
                let bytes = id.bytes
                guard entry.expiresAt > now, first.map({ $0.lexicographicallyPrecedes(bytes) }) ?? true else {
                    return nil
                }
                return (bytes, id, entry.stored)
            }
        }
        return candidates.sorted { $0.0.lexicographicallyPrecedes($1.0) }
            .prefix(max(0, limit)).map { ($0.1, $0.2) }
    }

    public func sweep() async throws -> Int {
        let now = clock()
        return try withState { state in
            let before = state.records.count + state.spent.count
            Self.dropExpiredRecords(from: &state, at: now)
            Self.dropExpiredTickets(from: &state, at: now.adding(-SessionTimeouts.toleratedJump))
            return before - state.records.count - state.spent.count
        }
    }

    public func count() async throws -> Int {
        let now = clock()
        return try withState { state in state.records.values.count { $0.expiresAt > now } }
    }

    /// See ``SessionStore/changes``: everything that changes this store is in this process, and told.
    public var changes: AsyncStream<SessionID> { feed.subscribe() }

    public func close() async {
        state.withLockedValue { state in
            state = State()
            state.isClosed = true
        }
        feed.finish()
    }

    private func withState<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLockedValue { state in
            guard !state.isClosed else { throw StoreError(.closed, "the memory store has been closed") }
            return try body(&state)
        }
    }

    private func full(_ what: String) -> StoreError {
        StoreError(
            .full,
            "the memory store is full: it holds \(what) and none has expired; raise its limit or use the sqlite store")
    }

    private static func live(_ id: SessionID, in state: State, now: Timestamp) -> Entry? {
        guard let entry = state.records[id], entry.expiresAt > now else { return nil }
        return entry
    }

    private static func dropExpiredRecords(from state: inout State, at moment: Timestamp) {
        guard state.firstExpiry <= moment else { return }
        state.records = state.records.filter { $0.value.expiresAt > moment }
        state.firstExpiry = state.records.values.map(\.expiresAt).min() ?? Timestamp(seconds: .max)
    }

    private static func dropExpiredTickets(from state: inout State, at moment: Timestamp) {
        guard state.firstSpentExpiry <= moment else { return }
        state.spent = state.spent.filter { $0.value > moment }
        state.firstSpentExpiry = state.spent.values.min() ?? Timestamp(seconds: .max)
    }
}
