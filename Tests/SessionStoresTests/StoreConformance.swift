import SessionStores
import Sessions
import Testing

/// What every store must do. A store's own test makes an empty store and runs this.
///
/// - Parameters:
///   - clock: the clock that the stores go by.
///   - makeStore: makes an empty store.
func runStoreConformance(
    clock: TestClock, makeStore: @Sendable () async throws -> any SessionStore
) async throws {
    for check in StoreConformance.all {
        let store = try await makeStore()
        do {
            try await check.run(store, clock)
        } catch {
            Issue.record("\(check.name): \(error)")
        }
        await store.close()
    }
}

enum StoreConformance {
    struct Check: Sendable {
        let name: String
        let run: @Sendable (any SessionStore, TestClock) async throws -> Void
    }

    static let all: [Check] = [
        Check(name: "get and put", run: getAndPut),
        Check(name: "every field survives", run: everyField),
        Check(name: "conflict", run: conflict),
        Check(name: "expiry", run: expiry),
        Check(name: "remove", run: remove),
        Check(name: "versions never come back", run: versionsNeverComeBack),
        Check(name: "spend", run: spend),
        Check(name: "spend once among many", run: spendOnceAmongMany),
        Check(name: "create once among many", run: createOnceAmongMany),
        Check(name: "no update is lost", run: noUpdateIsLost),
        Check(name: "list", run: list),
        Check(name: "list by user", run: listByUser),
        Check(name: "sweep and count", run: sweepAndCount),
        Check(name: "changes", run: changes),
        Check(name: "cancelled callers", run: cancelledCallers),
        Check(name: "close", run: close),
    ]

    static func getAndPut(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        #expect(try await store.get(session(1)) == nil)
        let first = try await store.create(session(1), record("ada"), expiresAt: later)
        #expect(try await store.get(session(1)) == StoredRecord(record: record("ada"), version: first))
        let second = try await store.compareAndSet(
            session(1), expected: first, record: record("bob"), expiresAt: later
        ).version
        #expect(second > first)
        #expect(try await store.get(session(1)) == StoredRecord(record: record("bob"), version: second))
        #expect(try await store.get(session(2)) == nil)
    }

    static func everyField(_ store: any SessionStore, _ clock: TestClock) async throws {
        var full = record("ü\u{0}\u{1F30A}", epoch: .max)
        full.epochHost = "shop.example"
        full.userApp = "shop"
        full.isPersistent = true
        full.cookies = [
            AppCookie(
                app: "shop", name: "PHPSESSID", value: "\"a=b\"", path: "/", domain: nil, isSecure: true,
                expires: Timestamp(seconds: .max), setAt: clock.now)
        ]
        full.deletedCookies = [CookieKey(app: "shop", name: "old")]
        full.data = #"{"cart":[1,2,3]}"#
        full.revokedAt = clock.now
        full.forward = .init(to: session(9), winnerEpoch: 3, at: clock.now)
        full.mergedFrom = [.init(session: session(8), at: clock.now)]
        try await store.create(session(1), full, expiresAt: clock.now.adding(60))
        let stored = try #require(try await store.get(session(1)))
        #expect(stored.record == full)
        #expect(stored.record.encode() == full.encode())
    }

    static func conflict(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        #expect(
            try await store.compareAndSet(session(1), expected: 7, record: record("eve"), expiresAt: later)
                == .conflict(nil))
        #expect(try await store.get(session(1)) == nil)
        let version = try await store.create(session(1), record("ada"), expiresAt: later)
        let present = StoredRecord(record: record("ada"), version: version)
        for expected in [nil, version &+ 1, version &- 1] {
            #expect(
                try await store.compareAndSet(session(1), expected: expected, record: record("eve"), expiresAt: later)
                    == .conflict(present))
        }
        #expect(try await store.get(session(1)) == present)
    }

    static func expiry(_ store: any SessionStore, _ clock: TestClock) async throws {
        let version = try await store.create(session(1), record("ada"), expiresAt: clock.now.adding(10))
        clock.advance(by: 9)
        #expect(try await store.get(session(1))?.version == version)
        clock.advance(by: 1)
        #expect(try await store.get(session(1)) == nil)
        #expect(try await store.count() == 0)
        #expect(try await store.list(after: nil, limit: 10).isEmpty)
        #expect(try await store.list(user: "ada", after: nil, limit: 10).isEmpty)
        #expect(try await store.remove(session(1), expected: version) == false)
        #expect(
            try await store.compareAndSet(
                session(1), expected: version, record: record("ada"), expiresAt: clock.now.adding(10))
                == .conflict(nil))
        // An expired record is no obstacle to a new one.
        let next = try await store.create(session(1), record("bob"), expiresAt: clock.now.adding(10))
        #expect(next > version)
        #expect(try await store.get(session(1)) == StoredRecord(record: record("bob"), version: next))
        // A write moves the expiry, both ways.
        let longer = try await store.compareAndSet(
            session(1), expected: next, record: record("bob"), expiresAt: clock.now.adding(100)
        ).version
        clock.advance(by: 50)
        #expect(try await store.get(session(1))?.version == longer)
        _ = try await store.compareAndSet(session(1), expected: longer, record: record("bob"), expiresAt: clock.now)
        #expect(try await store.get(session(1)) == nil)
    }

    static func remove(_ store: any SessionStore, _ clock: TestClock) async throws {
        #expect(try await store.remove(session(1), expected: 1) == false)
        let version = try await store.create(session(1), record("ada"), expiresAt: clock.now.adding(60))
        #expect(try await store.remove(session(1), expected: version &+ 1) == false)
        #expect(try await store.get(session(1)) != nil)
        #expect(try await store.remove(session(1), expected: version))
        #expect(try await store.get(session(1)) == nil)
        #expect(try await store.remove(session(1), expected: version) == false)
    }

    static func versionsNeverComeBack(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        var seen: Set<Int64> = []
        var last = Int64.min
        for _ in 0..<5 {
            let made = try await store.create(session(1), record("ada"), expiresAt: later)
            #expect(seen.insert(made).inserted)
            #expect(made > last)
            let old = seen.subtracting([made])
            for version in old {
                let answer = try await store.compareAndSet(
                    session(1), expected: version, record: record("eve"), expiresAt: later)
                #expect(answer == .conflict(StoredRecord(record: record("ada"), version: made)))
                #expect(try await store.remove(session(1), expected: version) == false)
            }
            last = made
            #expect(try await store.remove(session(1), expected: made))
        }
    }

    static func spend(_ store: any SessionStore, _ clock: TestClock) async throws {
        #expect(try await store.spend(ticket(1), until: clock.now.adding(30)))
        #expect(try await store.spend(ticket(1), until: clock.now.adding(30)) == false)
        #expect(try await store.spend(ticket(1), until: clock.now.adding(300)) == false)
        #expect(try await store.spend(ticket(2), until: clock.now.adding(30)))
        #expect(try await store.spend(ticket(3), until: clock.now) == false)
        clock.advance(by: 29)
        _ = try await store.sweep()
        #expect(try await store.spend(ticket(1), until: clock.now.adding(1)) == false)
        // A clock that was an hour ahead for one sweep does not make a ticket good again.
        clock.advance(by: 3600)
        _ = try await store.sweep()
        clock.advance(by: -3600)
        #expect(try await store.spend(ticket(1), until: clock.now.adding(1)) == false)
        #expect(try await store.count() == 0)
    }

    static func spendOnceAmongMany(_ store: any SessionStore, _ clock: TestClock) async throws {
        let until = clock.now.adding(30)
        for number in 0..<20 as Range<UInt64> {
            let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<64 { group.addTask { try await store.spend(ticket(number), until: until) } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(spent == 1)
        }
    }

    static func createOnceAmongMany(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        let results = try await withThrowingTaskGroup(of: CompareAndSetResult.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await store.compareAndSet(
                        session(1), expected: nil, record: record("user \(number)"), expiresAt: later)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let winner = try #require(try await store.get(session(1)))
        var stored = 0
        for result in results {
            switch result {
            case .stored(let version):
                stored += 1
                #expect(version == winner.version)
            case .conflict(let present): #expect(present == winner)
            }
        }
        #expect(stored == 1)
    }

    static func noUpdateIsLost(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        try await store.create(session(1), record("ada"), expiresAt: later)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    for _ in 0..<10 {
                        var present = try #require(try await store.get(session(1)))
                        while true {
                            var next = present.record
                            next.epoch += 1
                            let result = try await store.compareAndSet(
                                session(1), expected: present.version, record: next, expiresAt: later)
                            guard case .conflict(let other) = result else { break }
                            let fresh = try #require(other)
                            #expect(fresh.version > present.version)
                            present = fresh
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.get(session(1))?.record.epoch == 160)
    }

    static func list(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        #expect(try await store.list(after: nil, limit: 10).isEmpty)
        let numbers: [UInt64] = [300, 1, 255, 256, 2, 65_536, 128, 127]
        for number in numbers { try await store.create(session(number), record("\(number)"), expiresAt: later) }
        try await store.create(session(3), record("expired"), expiresAt: clock.now)
        var listed: [UInt64] = []
        var last: SessionID?
        while true {
            let page = try await store.list(after: last, limit: 3)
            #expect(page.count <= 3)
            guard let end = page.last else { break }
            for (id, stored) in page {
                #expect(try await store.get(id) == stored)
                listed.append(UInt64(try #require(stored.record.user))!)
            }
            last = end.0
        }
        #expect(listed == numbers.sorted())
        #expect(try await store.list(after: nil, limit: 0).isEmpty)
        #expect(try await store.list(after: nil, limit: -1).isEmpty)
        #expect(try await store.list(after: session(256), limit: 1).map(\.0) == [session(300)])
    }

    static func listByUser(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        for number in 1...9 as ClosedRange<UInt64> {
            try await store.create(session(number), record(number % 3 == 0 ? "ada" : "bob"), expiresAt: later)
        }
        try await store.create(session(10), record(nil), expiresAt: later)
        // The same letter for Unicode, another user for us.
        try await store.create(session(11), record("\u{00e9}"), expiresAt: later)
        try await store.create(session(12), record("e\u{0301}"), expiresAt: later)
        #expect(
            try await store.list(user: "ada", after: nil, limit: 10).map(\.0) == [session(3), session(6), session(9)])
        #expect(try await store.list(user: "ada", after: session(3), limit: 1).map(\.0) == [session(6)])
        #expect(try await store.list(user: "ada", after: nil, limit: 0).isEmpty)
        #expect(try await store.list(user: "nobody", after: nil, limit: 10).isEmpty)
        #expect(try await store.list(user: "\u{00e9}", after: nil, limit: 10).map(\.0) == [session(11)])
        let entry = try #require(try await store.get(session(3)))
        _ = try await store.compareAndSet(session(3), expected: entry.version, record: record("bob"), expiresAt: later)
        #expect(try await store.list(user: "ada", after: nil, limit: 10).map(\.0) == [session(6), session(9)])
    }

    static func sweepAndCount(_ store: any SessionStore, _ clock: TestClock) async throws {
        #expect(try await store.sweep() == 0)
        for number in 1...30 as ClosedRange<UInt64> {
            try await store.create(
                session(number), record(), expiresAt: clock.now.adding(number <= 20 ? 10 : 8000))
        }
        #expect(try await store.spend(ticket(1), until: clock.now.adding(10)))
        #expect(try await store.count() == 30)
        clock.advance(by: 10)
        #expect(try await store.count() == 10)
        #expect(try await store.sweep() == 20)
        #expect(try await store.sweep() == 0)
        #expect(try await store.count() == 10)
        clock.advance(by: 3600)
        #expect(try await store.sweep() == 1)
        #expect(try await store.list(after: nil, limit: 100).map(\.0) == (21...30).map { session($0) })
    }

    static func changes(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        try await store.create(session(9), record(), expiresAt: later)
        var first = store.changes.makeAsyncIterator()
        var second = store.changes.makeAsyncIterator()
        let version = try await store.create(session(1), record("ada"), expiresAt: later)
        // Neither a conflict nor a ticket is a change.
        _ = try await store.compareAndSet(session(1), expected: nil, record: record("eve"), expiresAt: later)
        _ = try await store.remove(session(1), expected: version &+ 1)
        _ = try await store.spend(ticket(1), until: later)
        try await store.create(session(2), record("ada"), expiresAt: later)
        #expect(try await store.remove(session(1), expected: version))
        for expected in [session(1), session(2), session(1)] {
            #expect(await first.next() == expected)
            #expect(await second.next() == expected)
        }
        await store.close()
        #expect(await first.next() == nil)
        #expect(await second.next() == nil)
        var late = store.changes.makeAsyncIterator()
        #expect(await late.next() == nil)
    }

    static func cancelledCallers(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.create(session(1), record("ada"), expiresAt: later)
        }
        let version = try await task.value
        #expect(try await store.get(session(1)) == StoredRecord(record: record("ada"), version: version))
    }

    static func close(_ store: any SessionStore, _ clock: TestClock) async throws {
        let later = clock.now.adding(60)
        // What was asked for before closing is either done or refused, and nobody is left waiting.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 as Range<UInt64> {
                group.addTask {
                    do {
                        try await store.create(session(number), record(), expiresAt: later)
                    } catch let error as StoreError {
                        #expect(error.kind == .closed)
                    }
                }
            }
            group.addTask { await store.close() }
            group.addTask { await store.close() }
            try await group.waitForAll()
        }
        #expect(await kind { _ = try await store.get(session(1)) } == .closed)
        #expect(await kind { try await store.create(session(1), record(), expiresAt: later) } == .closed)
        #expect(await kind { _ = try await store.remove(session(1), expected: 1) } == .closed)
        #expect(await kind { _ = try await store.spend(ticket(1), until: later) } == .closed)
        #expect(await kind { _ = try await store.list(after: nil, limit: 1) } == .closed)
        #expect(await kind { _ = try await store.list(user: "ada", after: nil, limit: 1) } == .closed)
        #expect(await kind { _ = try await store.count() } == .closed)
        #expect(await kind { _ = try await store.sweep() } == .closed)
    }
}
