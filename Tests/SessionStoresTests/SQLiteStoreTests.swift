import CSQLite
import Glibc
import SessionStores
import Sessions
import Testing

@Suite struct SQLiteStoreTests {
    let clock = TestClock()
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [SQLiteStore.Options.Synchronous.normal, .full])
    func conformance(synchronous: SQLiteStore.Options.Synchronous) async throws {
        let clock = clock
        var options = SQLiteStore.Options()
        options.synchronous = synchronous
        let files = TestMonotonicClock()
        try await runStoreConformance(clock: clock) { [directory, options] in
            files.advance(by: 1)
            return try SQLiteStore(path: directory.file("\(files.read())"), options: options, clock: clock.read)
        }
    }

    @Test func theFileIsItsOwnersOnly() async throws {
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        try await store.create(session(1), record(), expiresAt: clock.now.adding(60))
        #expect(directory.names.count == 3)
        for name in directory.names {
            var status = stat()
            #expect(stat(directory.file(name), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
        await store.close()
        #expect(directory.names == ["sessions.sqlite"])
    }

    @Test func reopeningKeepsEverything() async throws {
        let later = clock.now.adding(60)
        let first = try SQLiteStore(path: directory.file(), clock: clock.read)
        let kept = try await first.create(session(1), record("ada"), expiresAt: later)
        let gone = try await first.create(session(2), record("bob"), expiresAt: later)
        #expect(try await first.remove(session(2), expected: gone))
        #expect(try await first.spend(ticket(1), until: later))
        await first.close()

        let second = try SQLiteStore(path: directory.file(), clock: clock.read)
        #expect(try await second.get(session(1)) == StoredRecord(record: record("ada"), version: kept))
        #expect(try await second.spend(ticket(1), until: later) == false)
        #expect(try await second.create(session(2), record("bob"), expiresAt: later) > gone)
        await second.close()
    }

    @Test func twoStoresOnOneFileAgree() async throws {
        let later = clock.now.adding(60)
        let stores = [
            try SQLiteStore(path: directory.file(), clock: clock.read),
            try SQLiteStore(path: directory.file(), clock: clock.read),
        ]
        try await stores[0].create(session(1), record("ada"), expiresAt: later)
        let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let store = stores[number % 2]
                    while true {
                        let present = try #require(try await store.get(session(1)))
                        var next = present.record
                        next.epoch += 1
                        let result = try await store.compareAndSet(
                            session(1), expected: present.version, record: next, expiresAt: later)
                        if case .stored = result { break }
                    }
                    return try await store.spend(ticket(1), until: later)
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(spent == 1)
        for store in stores { #expect(try await store.get(session(1))?.record.epoch == 64) }
        for store in stores { await store.close() }
    }

    /// One statement that fails must not take its neighbours in the same transaction along, however it fails.
    @Test(arguments: ["ABORT", "FAIL", "ROLLBACK"])
    func aFailingWriteLeavesItsNeighboursAlone(how: String) async throws {
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        let database = try RawDatabase(directory.file())
        try database.run(
            """
            CREATE TRIGGER refuse BEFORE INSERT ON sessions WHEN NEW.user = 'eve'
            BEGIN SELECT RAISE(\(how), 'no eve here'); END
            """)
        let later = clock.now.adding(60)
        // While the lock is held from outside all of them gather in the queue, so that they share a transaction.
        try database.run("BEGIN IMMEDIATE")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 as Range<UInt64> {
                group.addTask {
                    let user = number % 10 == 3 ? "eve" : "ada"
                    let error = await kind { try await store.create(session(number), record(user), expiresAt: later) }
                    #expect(error == (user == "eve" ? .refused : nil))
                }
            }
            group.addTask { try database.run("COMMIT") }
            try await group.waitForAll()
        }
        #expect(try await store.count() == 90)
        await store.close()
    }

    @Test func sweepingGoesBeyondOneStep() async throws {
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let soon = clock.now.adding(1)
            for number in 0..<2500 as Range<UInt64> {
                group.addTask { try await store.create(session(number), record(), expiresAt: soon) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.count() == 2500)
        clock.advance(by: 1)
        #expect(try await store.sweep() == 2500)
        await store.close()
    }
}

/// Another program's connection to a database file.
final class RawDatabase: @unchecked Sendable {
    private var handle: OpaquePointer?

    init(_ path: String) throws {
        guard
            sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nil)
                == SQLITE_OK
        else { throw StoreError(.unavailable, "cannot open \(path)") }
        sqlite3_busy_timeout(handle, 10_000)
    }

    deinit { sqlite3_close_v2(handle) }

    func run(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw StoreError(.refused, String(cString: sqlite3_errmsg(handle)))
        }
    }
}
