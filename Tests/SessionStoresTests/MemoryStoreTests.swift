import SessionStores
import Sessions
import Testing

@Suite struct MemoryStoreTests {
    let clock = TestClock()

    @Test func conformance() async throws {
        let clock = clock
        try await runStoreConformance(clock: clock) { MemoryStore(maxRecords: 1000, clock: clock.read) }
    }

    @Test func aFullStoreRefusesNewSessionsAndKeepsTheOldOnes() async throws {
        let store = MemoryStore(maxRecords: 3, clock: clock.read)
        let later = clock.now.adding(60)
        for number in 1...3 as ClosedRange<UInt64> {
            try await store.create(session(number), record("ada"), expiresAt: later)
        }
        #expect(await kind { try await store.create(session(4), record("eve"), expiresAt: later) } == .full)
        #expect(try await store.list(after: nil, limit: 10).map(\.0) == [session(1), session(2), session(3)])
        // Those that are there can still be changed.
        let present = try #require(try await store.get(session(2)))
        let version = try await store.compareAndSet(
            session(2), expected: present.version, record: record("bob"), expiresAt: later
        ).version
        #expect(try await store.remove(session(2), expected: version))
        try await store.create(session(4), record("eve"), expiresAt: later)
    }

    @Test func aFullStoreDropsExpiredSessionsFirst() async throws {
        let store = MemoryStore(maxRecords: 2, clock: clock.read)
        try await store.create(session(1), record(), expiresAt: clock.now.adding(10))
        try await store.create(session(2), record(), expiresAt: clock.now.adding(60))
        clock.advance(by: 10)
        try await store.create(session(3), record(), expiresAt: clock.now.adding(60))
        #expect(try await store.list(after: nil, limit: 10).map(\.0) == [session(2), session(3)])
        #expect(await kind { try await store.create(session(4), record(), expiresAt: clock.now.adding(60)) } == .full)
    }

    @Test func spentTicketsAreBoundedToo() async throws {
        let store = MemoryStore(maxRecords: 1, maxSpentTickets: 2, clock: clock.read)
        #expect(try await store.spend(ticket(1), until: clock.now.adding(10)))
        #expect(try await store.spend(ticket(2), until: clock.now.adding(20)))
        #expect(await kind { _ = try await store.spend(ticket(3), until: clock.now.adding(10)) } == .full)
        #expect(try await store.spend(ticket(1), until: clock.now.adding(10)) == false)
        clock.advance(by: 10)
        #expect(try await store.spend(ticket(3), until: clock.now.adding(10)))
        #expect(try await store.spend(ticket(2), until: clock.now.adding(10)) == false)
    }
}
