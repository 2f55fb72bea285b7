import SessionStores
import Sessions
import Synchronization
import Testing

@Suite struct SessionRepositoryTests {
    let clock = TestClock()
    let ticks = TestMonotonicClock()
    let timeouts = SessionTimeouts(idle: 3600, absolute: 86_400, persistentIdle: 86_400, persistentAbsolute: 864_000)

    private func repository(_ store: any SessionStore, timeToLive: UInt64 = 1000) -> SessionRepository {
        SessionRepository(
            store: store, cache: RecordCache(timeToLive: timeToLive, clock: ticks.read), timeouts: timeouts)
    }

    private func memory() -> MemoryStore { MemoryStore(maxRecords: 1000, clock: clock.read) }

    @Test func createsChangesAndRemoves() async throws {
        let repository = repository(memory())
        let id = session(1)
        #expect(repository.cached(id) == .unknown)
        #expect(try await repository.load(id) == nil)
        #expect(repository.cached(id) == .absent)
        // Nothing to remember makes no record.
        #expect(try await repository.update(id) { $0 = $0 } == nil)
        #expect(try await repository.store.count() == 0)

        let made = try #require(try await repository.update(id) { $0 = record("ada") })
        #expect(repository.cached(id) == .hit(made))
        #expect(try await repository.store.get(id) == made)

        let (changed, verdict) = try await repository.updateWithVerdict(id) { record in
            record?.login(user: "bob", app: "shop", host: "shop.example")
        }
        #expect(verdict == .raised)
        #expect(changed?.record.user == "bob")
        #expect(repository.cached(id) == changed.map { .hit($0) })

        #expect(try await repository.update(id) { $0 = nil } == nil)
        #expect(repository.cached(id) == .absent)
        #expect(try await repository.store.get(id) == nil)
    }

    @Test func theRecordExpiresWhenItsTimeoutsSay() async throws {
        let store = memory()
        let repository = repository(store)
        let made = try #require(try await repository.update(session(1)) { $0 = record("ada") })
        let expiry = made.record.expiry(timeouts: timeouts)
        clock.advance(by: expiry.since(clock.now) - 1)
        #expect(try await store.get(session(1)) != nil)
        clock.advance(by: 1)
        #expect(try await store.get(session(1)) == nil)
    }

    @Test func nothingIsWrittenWhenNothingChanges() async throws {
        let repository = repository(memory())
        let made = try await repository.update(session(1)) { $0 = record("ada") }
        #expect(try await repository.update(session(1)) { $0?.user = "ada" } == made)
        // Equal for Unicode, another user for us.
        let accent = try await repository.update(session(1)) { $0?.user = "\u{00e9}" }
        let other = try await repository.update(session(1)) { $0?.user = "e\u{0301}" }
        #expect(other?.version != accent?.version)
        struct Refusal: Error {}
        await #expect(throws: Refusal.self) {
            try await repository.update(session(1)) { record in
                record = nil
                throw Refusal()
            }
        }
        #expect(try await repository.store.get(session(1)) == other)
    }

    @Test func anOutlivedCopyDecidesNothing() async throws {
        let store = memory()
        let repository = repository(store)
        let made = try #require(try await repository.update(session(1)) { $0 = record("ada") })
        // Another process logs the user out; this one's copy still says "ada".
        _ = try await store.compareAndSet(
            session(1), expected: made.version, record: record(nil, epoch: 1), expiresAt: clock.now.adding(60))
        #expect(repository.cached(session(1)) == .hit(made))
        let calls = Atomic(0)
        let bound = try await repository.update(session(1)) { record in
            calls.add(1, ordering: .relaxed)
            if record?.user != "ada" { record?.user = "ada" }
        }
        #expect(calls.load(ordering: .relaxed) == 2)
        #expect(bound?.record.user == "ada")
        #expect(bound?.record.epoch == 1)
        #expect(try await store.get(session(1)) == bound)
    }

    @Test func aRemovedRecordIsNotBroughtBackByACopy() async throws {
        let store = memory()
        let repository = repository(store)
        let made = try #require(try await repository.update(session(1)) { $0 = record("ada") })
        #expect(try await store.remove(session(1), expected: made.version))
        #expect(try await repository.update(session(1)) { $0?.epoch += 1 } == nil)
        #expect(try await store.count() == 0)
        #expect(repository.cached(session(1)) == .absent)
    }

    @Test func concurrentUpdatesOverTwoRepositoriesLoseNothing() async throws {
        let directory = try TemporaryDirectory()
        let stores = try (0..<2).map { _ in try SQLiteStore(path: directory.file(), clock: clock.read) }
        let repositories = stores.map { repository($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for _ in 0..<5 {
                        let repository = repositories[number % 2]
                        let stored = try await repository.update(session(1)) { record in
                            if record == nil { record = SessionRecord(createdAt: Timestamp(seconds: 1_700_000_000)) }
                            record?.epoch += 1
                        }
                        // The cache never knows less than what was returned.
                        if case .hit(let known) = repository.cached(session(1)), let stored {
                            #expect(known.version >= stored.version)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await stores[0].get(session(1))?.record.epoch == 320)
        for store in stores { await store.close() }
    }

    @Test func givingUpIsAnError() async throws {
        let repository = repository(ObstinateStore(memory()))
        #expect(await kind { _ = try await repository.update(session(1)) { $0 = record("ada") } } == .contended)
    }

    @Test func troubleIsNeitherAMissNorRemembered() async throws {
        let store = memory()
        let repository = repository(store)
        await store.close()
        #expect(await kind { _ = try await repository.load(session(1)) } == .closed)
        #expect(await kind { _ = try await repository.update(session(1)) { $0 = record() } } == .closed)
        #expect(await kind { _ = try await repository.spend(ticket(1), until: clock.now.adding(9)) } == .closed)
        #expect(repository.cached(session(1)) == .unknown)
    }

    @Test func runSweepsOnItsScheduleAndFollowsChanges() async throws {
        let store = memory()
        let (schedule, bell) = AsyncStream.makeStream(of: Void.self)
        let bells = Mutex(0)
        let repository = SessionRepository(
            store: store, cache: RecordCache(timeToLive: .max, clock: ticks.read), timeouts: timeouts,
            untilNextSweep: {
                bells.withLock { $0 += 1 }
                for await _ in schedule { return }
                throw CancellationError()
            })
        try await store.create(session(1), record(), expiresAt: clock.now.adding(10))
        try await store.create(session(2), record("ada"), expiresAt: clock.now.adding(60))
        clock.advance(by: 10)
        let running = Task { await repository.run() }
        bell.yield()
        // The second wait begins when the first sweep is over.
        while bells.withLock({ $0 }) < 2 { await Task.yield() }
        #expect(try await store.sweep() == 0)

        // Somebody else writes: the copy goes at once, though it had for ever to live.
        let present = try #require(try await repository.load(session(2)))
        #expect(repository.cached(session(2)) == .hit(present))
        _ = try await store.compareAndSet(
            session(2), expected: present.version, record: record("bob"), expiresAt: clock.now.adding(60))
        while repository.cached(session(2)) != .unknown { await Task.yield() }
        #expect(try await repository.load(session(2))?.record.user == "bob")
        running.cancel()
        await running.value
    }

    @Test func aFailingSweepIsReportedAndTriedAgain() async throws {
        let reports = Mutex<[StoreError.Kind]>([])
        let rounds = Mutex(0)
        let repository = SessionRepository(
            store: ObstinateStore(memory()), cache: RecordCache(clock: ticks.read), timeouts: timeouts,
            reportTrouble: { error in reports.withLock { $0.append(error.kind) } },
            untilNextSweep: {
                let round = rounds.withLock { rounds in
                    rounds += 1
                    return rounds
                }
                if round > 3 { throw CancellationError() }
            })
        let running = Task { await repository.run() }
        while reports.withLock({ $0.count }) < 3 { await Task.yield() }
        running.cancel()
        await running.value
        #expect(reports.withLock { $0 } == [.inputOutput, .inputOutput, .inputOutput])
    }
}

/// A store in which another is always faster, and that cannot sweep.
private struct ObstinateStore: SessionStore {
    let store: any SessionStore

    init(_ store: any SessionStore) { self.store = store }

    func get(_ id: SessionID) async throws -> StoredRecord? { try await store.get(id) }
    func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult { .conflict(nil) }
    func remove(_ id: SessionID, expected: Int64) async throws -> Bool { false }
    func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool { false }
    func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] { [] }
    func sweep() async throws -> Int { throw StoreError(.inputOutput, "the disk is on fire") }
    func count() async throws -> Int { 0 }
    var changes: AsyncStream<SessionID> { store.changes }
    func close() async { await store.close() }
}
