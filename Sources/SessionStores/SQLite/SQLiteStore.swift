import NIOConcurrencyHelpers
public import Sessions

/// The embedded store: one SQLite file with a write-ahead log.
///
/// One thread writes and takes everything that is queued into one transaction; others read beside it. No call blocks
/// the thread that awaits it. A write that was acknowledged survives the death of the process at any moment; whether it
/// also survives a loss of power is a matter of ``Options/synchronous``.
///
/// Several processes may share the file on one machine: compare-and-set, tickets and versions hold over all of them.
/// ``changes`` tells of this process's writes only; those of another are seen once the cache's entry has outlived its
/// short time to live. The file must be on a local disk.
public final class SQLiteStore: SessionStore {
    /// What can be chosen.
    public struct Options: Sendable {
        /// When SQLite asks the disk to make sure (`PRAGMA synchronous`).
        public enum Synchronous: String, Sendable {
            /// At checkpoints: a loss of power may cost the last moments' writes, never the file.
            case normal = "NORMAL"
            /// At every transaction: nothing acknowledged is lost.
            case full = "FULL"
        }

        /// When SQLite asks the disk to make sure.
        public var synchronous = Synchronous.normal
        /// How long to wait for another process's lock, in milliseconds, 0 or more.
        public var busyTimeout: Int32 = 5000
        /// How many threads read, 1 to 64.
        public var readers = 2
        /// How large the file may grow, in bytes; `nil`: as large as the disk allows. The log comes on top.
        public var maxFileBytes: Int64?
        /// How many writes and how many reads may wait, at least 1; what comes on top is refused as
        /// ``StoreError/Kind/busy``.
        public var maxQueued = 65_536

        /// The defaults.
        public init() {}
    }

    private static let sweepChunk = 1000

    private let path: String
    private let clock: @Sendable () -> Timestamp
    private let writes: WorkQueue<SQLiteWriteJob>
    private let reads: WorkQueue<SQLiteReadJob>
    private let closed = Latch()
    private let feed = ChangeFeed()

    /// Opens the file, or makes it (readable by its owner only), and starts the threads. Reads and writes the disk
    /// before it returns: to be called at the start of a program, not on an event loop.
    ///
    /// - Parameters:
    ///   - path: the file; its directory must exist.
    ///   - options: what can be chosen.
    ///   - clock: tells the time.
    /// - Throws: ``StoreError`` with a message that names the file and what to do: ``StoreError/Kind/unavailable``,
    ///   ``StoreError/Kind/readOnly``, ``StoreError/Kind/corrupt``, ``StoreError/Kind/newerSchema``, …
    public init(
        path: String, options: Options = Options(), clock: @escaping @Sendable () -> Timestamp
    ) throws(StoreError) {
        self.path = path
        self.clock = clock
        writes = WorkQueue(capacity: max(1, options.maxQueued))
        reads = WorkQueue(capacity: max(1, options.maxQueued))

        try SQLiteFile.create(path)
        let busyTimeout = max(0, options.busyTimeout)
        let connection = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: busyTimeout)
        try SQLiteSchema.prepare(connection, synchronous: options.synchronous)
        if let limit = options.maxFileBytes {
            let pageSize = max(1, try connection.integer("PRAGMA page_size") ?? 4096)
            _ = try connection.integer("PRAGMA max_page_count = \(max(1, limit / pageSize))")
        }
        let writer = try SQLiteWriter(connection)
        var readers: [SQLiteReader] = []
        for _ in 0..<max(1, min(options.readers, 64)) {
            readers.append(
                try SQLiteReader(SQLiteConnection(path: path, access: .readOnly, busyTimeout: busyTimeout)))
        }
        try start(writer, readers)
    }

    deinit {
        writes.close()
        reads.close()
        feed.finish()
    }

    /// The writer's connection is closed last, since only it can put the log into the file and remove it.
    private func start(_ writer: SQLiteWriter, _ readers: [SQLiteReader]) throws(StoreError) {
        let (writes, reads, closed) = (writes, reads, closed)
        var endings: [ConditionLock<Bool>] = []
        for reader in readers {
            let ended = ConditionLock(value: false)
            endings.append(ended)
            let isStarted = WorkerThread.start {
                reader.work(on: reads)
                reader.close()
                ended.lock()
                ended.unlock(withValue: true)
            }
            guard isStarted else { throw abandoned() }
        }
        let isStarted = WorkerThread.start { [endings] in
            writer.work(on: writes)
            for ended in endings {
                ended.lock(whenValue: true)
                ended.unlock()
            }
            writer.close()
            closed.open()
        }
        guard isStarted else { throw abandoned() }
    }

    private func abandoned() -> StoreError {
        writes.close()
        reads.close()
        return StoreError(.unavailable, "session store \(path): the system gives no more threads; raise their limit")
    }

    public func get(_ id: SessionID) async throws -> StoredRecord? {
        let clock = clock
        return try await read { reader throws(StoreError) in try reader.get(id, now: clock()) }
    }

    public func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult {
        let clock = clock
        let feed = feed
        let user = record.user
        let encoded = record.encode()
        return try await write { writer throws(StoreError) in
            try writer.compareAndSet(
                id, expected: expected, user: user, encoded: encoded, expiresAt: expiresAt, now: clock())
        } committed: { result in
            if case .stored = result { feed.send(id) }
        }
    }

    public func remove(_ id: SessionID, expected: Int64) async throws -> Bool {
        let clock = clock
        let feed = feed
        return try await write { writer throws(StoreError) in
            try writer.remove(id, expected: expected, now: clock())
        } committed: { isRemoved in
            if isRemoved { feed.send(id) }
        }
    }

    public func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool {
        let clock = clock
        return try await write { writer throws(StoreError) in try writer.spend(ticket, until: until, now: clock()) }
    }

    public func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        let clock = clock
        return try await read { reader throws(StoreError) in
            try reader.list(user: nil, after: after, limit: limit, now: clock())
        }
    }

    public func list(user: String, after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        let clock = clock
        return try await read { reader throws(StoreError) in
            try reader.list(user: user, after: after, limit: limit, now: clock())
        }
    }

    /// See ``SessionStore/sweep()``. Goes in small steps, so that other writes get in between.
    public func sweep() async throws -> Int {
        let now = clock()
        let forgotten = now.adding(-SessionTimeouts.toleratedJump)
        let sessions = try await sweep { writer throws(StoreError) in
            try writer.sweepSessions(expiredAt: now, limit: Self.sweepChunk)
        }
        let tickets = try await sweep { writer throws(StoreError) in
            try writer.sweepTickets(expiredAt: forgotten, limit: Self.sweepChunk)
        }
        return sessions + tickets
    }

    public func count() async throws -> Int {
        let clock = clock
        return try await read { reader throws(StoreError) in try reader.count(now: clock()) }
    }

    public var changes: AsyncStream<SessionID> { feed.subscribe() }

    public func close() async {
        writes.close()
        reads.close()
        await closed.wait()
        feed.finish()
    }

    private func sweep(_ step: @escaping @Sendable (SQLiteWriter) throws(StoreError) -> Int) async throws -> Int {
        var total = 0
        while true {
            let dropped = try await write(step)
            total += dropped
            if dropped < Self.sweepChunk || Task.isCancelled { return total }
        }
    }

    private func read<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteReader) throws(StoreError) -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let admission = reads.push { reader in
                do throws(StoreError) {
                    continuation.resume(returning: try work(reader))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            if let refusal = refusal(admission) { continuation.resume(throwing: refusal) }
        }
    }

    private func write<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteWriter) throws(StoreError) -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let admission = writes.push(
                SQLiteWriteJob { writer throws(StoreError) in
                    let value = try work(writer)
                    return {
                        committed(value)
                        continuation.resume(returning: value)
                    }
                } fail: { error in
                    continuation.resume(throwing: error)
                })
            if let refusal = refusal(admission) { continuation.resume(throwing: refusal) }
        }
    }

    private func refusal(_ admission: WorkQueueAdmission) -> StoreError? {
        switch admission {
        case .accepted: nil
        case .closed: StoreError(.closed, "session store \(path) has been closed")
        case .full:
            StoreError(.busy, "session store \(path): too many calls are waiting; its disk is too slow or stuck")
        }
    }
}
