import Configuration
import SessionStores
import Sessions
import Testing

@testable import CrossDomain

/// A store that does not answer, and two comparisons at once.
@Suite struct TroubleTests {
    private func broken() throws -> (World, FaultyStore) {
        let clock = TestClock()
        let store = FaultyStore(clock)
        return (try World(clock: clock, store: store), store)
    }

    @Test func actionsSayThatTheStoreIsAway() async throws {
        let (world, store) = try broken()
        let ticket = world.ticket(.check, from: Host.club, to: Host.shop, nil)
        let replace = world.ticket(.replace, from: Host.shop, to: Host.club, try await world.session())
        store.fail()
        let check = await world.post(
            ["action": "check", "ticket": ticket], at: Host.shop, origin: world.own(Host.club))
        #expect(check.refusal == .storeUnavailable)
        let replaced = await world.post(
            ["action": "replace", "ticket": replace], at: Host.club, origin: world.own(Host.club))
        #expect(replaced.refusal == .storeUnavailable)
    }

    @Test func anArrivalGoesOnWithoutTheStore() async throws {
        let (world, store) = try broken()
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, try await world.session(user: "ada"))
        store.fail()
        let answer = await world.group.arrive(
            world.visit(Host.club), ticket: ticket, clean: "/a", at: world.member(Host.club))
        #expect(answer.location == "https://club.example/a")
        #expect(answer.all("Set-Cookie").isEmpty)
    }

    /// A store error is not a miss: it resolves to nothing, and says so by throwing.
    @Test func troubleIsNoMiss() async throws {
        let (world, store) = try broken()
        let ada = try await world.session(user: "ada")
        let cookies = world.holding(ada, at: Host.shop)
        world.clock.advance(by: 60)
        store.fail()
        var memo = HandleMemo()
        #expect(world.group.resolveFromCache(cookies.session, at: world.member(Host.shop), memo: &memo) == .unknown)
        await #expect(throws: StoreError.self) {
            try await world.group.resolve(cookies.session, at: world.member(Host.shop))
        }
    }

    /// A visitor's first page must not be an error because the store is away.
    @Test func aHandshakeLeadsBackToThePageWithoutTheStore() async throws {
        let (world, store) = try broken()
        let nonce = "0123456789abcdef0123456789abcdef"
        var cookies = Visit.Cookies()
        cookies.nonce = [nonce]
        let ticket = world.ticket(.start, from: Host.club, to: Host.shop, nil, nonce: nonce)
        let finish = world.ticket(.finish, from: Host.shop, to: Host.club, nil, nonce: nonce)
        store.fail()
        let sync = await world.get(Host.shop, world.step(.sync, ticket))
        let finished = await world.get(Host.club, world.step(.finish, finish), cookies: cookies)
        #expect(sync.location == "https://club.example/page?tombolo-ticket=none")
        #expect(finished.location == "https://club.example/page?tombolo-ticket=none")
        #expect((sync.cookieLines + finished.cookieLines).isEmpty)
    }

    /// Two tabs compare the same two sessions at the same time, each from its own side.
    @Test(arguments: [nil, "ada"])
    func comparisonsThatRaceLeaveNoCircle(_ user: String?) async throws {
        let (world, store) = try broken()
        let one = try await world.session(user: user)
        let two = try await world.session(user: user)
        // Another process on the same store: within one, updates of a session take turns.
        let other = try World(seed: 2, clock: world.clock, store: store)
        store.beforeTheNextWrite { _ = try await other.group.reconcile(current: two, primary: one) }
        _ = try await world.group.reconcile(current: one, primary: two)
        var reached: Set<SessionID?> = []
        for session in [one, two] {
            let value = world.handle(session, at: Host.club)
            let third = try World(seed: 3, clock: world.clock, store: store)
            reached.insert(try await third.group.resolve([value], at: third.member(Host.club)).session?.id)
        }
        #expect(reached.compactMap { $0 }.count == 1, "one goes on, and the other leads to it or nowhere")
        // Somebody's own login is followed to; an anonymous session with content is reached by the next comparison only.
        if user != nil { #expect(!reached.contains(nil)) }
    }

    /// The winner is logged out, or in, between the reading and the writing: the loser must not lose its content to it.
    @Test(arguments: [AppChange.logout, .login("eve")])
    func aWinnerThatHasMovedOnCostsTheLoserNothing(_ change: AppChange) async throws {
        let (world, store) = try broken()
        let loser = try await world.session(age: 100)
        let winner = try await world.session(age: 200)
        _ = try await world.commit(.cart("cart"), to: loser, at: Host.club)
        store.beforeTheNextWrite {
            _ = try await world.group.repository.store.get(winner.id).map { stored in
                var record = stored.record
                if change == .logout {
                    record.logout(at: world.clock.now)
                } else {
                    record.login(user: "eve", app: "a", host: Host.shop)
                }
                return (record, stored.version)
            }.asyncWrite(winner.id, store)
        }
        let fresh = try #require(
            try await world.group.resolve([world.handle(loser, at: Host.club)], at: world.member(Host.club)).session)
        _ = try await world.group.reconcile(current: fresh, primary: winner)
        let left = try #require(try await world.group.repository.load(loser.id)?.record)
        #expect(left.forward == nil)
        #expect(left.cookies.map(\.name) == ["cart"])
    }
}

extension Optional where Wrapped == (SessionRecord, Int64) {
    /// Writes past the repository, as another process would.
    fileprivate func asyncWrite(_ id: SessionID, _ store: FaultyStore) async throws {
        guard let (record, version) = self else { return }
        _ = try await store.compareAndSet(
            id, expected: version, record: record, expiresAt: record.createdAt.adding(1_000_000))
    }
}
