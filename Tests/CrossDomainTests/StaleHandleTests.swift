import Configuration
import SessionStores
import Sessions
import Testing

@testable import CrossDomain

/// Handles from before a login, and forwarding marks: they open nothing that somebody else is logged in to.
@Suite struct StaleHandleTests {
    private func older(_ session: ResolvedSession) -> ResolvedSession {
        var old = session
        old.epoch = 0
        old.record = nil
        return old
    }

    @Test(arguments: [Engine.chromium, .chromiumBlocking, .webKit, .firefox, .permissive])
    func aLoginReachesTheOtherDomains(_ engine: Engine) async throws {
        let ledger = Ledger(try World())
        let browser = ModelBrowser("ada", engine, ledger)
        for host in Host.all + Host.all {
            ledger.world.clock.advance(by: 601)
            try await browser.browse(host)
        }
        let before = try #require(try await browser.held(Host.club)?.id)
        for host in Host.all { #expect(try await browser.held(host)?.id == before) }
        try await browser.act(Host.germany, .login("ada"))
        #expect(try await browser.held(Host.club) == nil)
        ledger.world.clock.advance(by: 601)
        let page = try await browser.browse(Host.club)
        #expect(page.session.id == before)
        #expect(page.session.record?.user == "ada")
        #expect(ledger.violations.isEmpty)
    }

    /// The attacker plants a session, the victim logs in to it: the attacker's handle is worth nothing from then on.
    @Test(arguments: [Engine.chromium, .webKit, .firefox])
    func fixationEndsWithTheLogin(_ engine: Engine) async throws {
        let ledger = Ledger(try World())
        let mallory = ModelBrowser("mallory", .chromium, ledger)
        let victim = ModelBrowser("victim", engine, ledger)
        try await mallory.browse(Host.shop)
        let ticket = try #require(try await mallory.mint(from: Host.shop, to: Host.club))
        try await victim.runLoader(
            try await victim.navigate("https://club.example/?tombolo-ticket=\(ticket)", .page(Host.shop)))
        let planted = try #require(try await mallory.held(Host.shop)?.id)
        #expect(try await victim.held(Host.club)?.id == planted)
        let page = try await victim.act(Host.club, .login("victim"))
        #expect(page.session.id == planted)
        for _ in 0..<2 {
            for host in Host.all {
                ledger.world.clock.advance(by: 601)
                #expect(try await mallory.held(host)?.id != planted)
                #expect(try await mallory.browse(host).session.id != planted)
                try await victim.browse(host)
            }
        }
        for host in Host.all { #expect(try await victim.held(host)?.record?.user == "victim") }
    }

    @Test func aStaleHandleSaysWhereTheLoginWasAndNothingElse() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada", at: Host.germany)
        let cookies = world.holding(older(ada), at: Host.club, check: older(ada))
        let found = try await world.group.resolve(cookies.session, at: world.member(Host.club))
        #expect(found == .stale(peer: Host.germany))
        #expect(found.session == nil)
        for purpose in [TicketPurpose.replace, .arrival] {
            let text = world.ticket(purpose, from: Host.shop, to: Host.club, older(ada))
            let ticket = try world.group.open(text, purpose, at: world.member(Host.club)).get()
            #expect(try await world.group.resolve(try #require(ticket.session)) == nil)
        }
    }

    /// What the loser's handle opens after each row's mark.
    @Test(
        arguments: [
            (5, nil, "victim", false), (7, "mallory", "victim", false), (6, "ada", "ada", true),
            (4, nil, "mallory", false),
        ] as [(Int, String?, String?, Bool)])
    func aMarkLeadsNobodyIntoALogin(_ row: Int, _ loser: String?, _ winner: String?, _ isFollowed: Bool) async throws {
        let world = try World()
        let losing = try await world.session(user: loser)
        let winning = try await world.session(user: winner)
        let isReplaced = row != 4
        let result = try await world.group.reconcile(
            current: isReplaced ? losing : winning, primary: isReplaced ? winning : losing)
        #expect(result.decision.row == row)
        #expect(result.winner.id == winning.id)
        let record = try #require(try await world.group.repository.load(losing.id)?.record)
        #expect(record.forward?.to == winning.id)
        let found = try await world.group.resolve(
            [world.handle(losing, at: Host.germany)], at: world.member(Host.germany))
        #expect(isFollowed ? found.session?.id == winning.id : found == .stale(peer: Host.shop))
        if isFollowed { #expect(found.session?.needsRenewal == true) }
    }

    @Test func aMarkEndsWithTheWinnersLoginAndLogout() async throws {
        let world = try World()
        let losing = try await world.session(age: 100, hasRecord: false)
        let winning = try await world.session(age: 200, hasRecord: false)
        let result = try await world.group.reconcile(current: losing, primary: winning)
        #expect(result.decision.row == 8)
        let value = world.handle(losing, at: Host.club)
        let member = world.member(Host.club)
        #expect(try await world.group.resolve([value], at: member).session?.id == winning.id)
        _ = try await world.commit(.login("ada"), to: result.winner, at: Host.shop)
        #expect(try await world.group.resolve([value], at: member) == .stale(peer: Host.shop))
        try await world.group.repository.update(winning.id) { [now = world.clock.now] in $0?.logout(at: now) }
        #expect(try await world.group.resolve([value], at: member).session == nil)
    }

    /// Carts on two domains were merged; the visitor goes on shopping on the one whose session has lost.
    @Test func aCartIsRememberedAfterAMerge() async throws {
        let ledger = Ledger(try World { $0.handshake = .loader })
        let browser = ModelBrowser("ada", .chromium, ledger)
        for host in [Host.shop, Host.germany] {
            _ = try await browser.navigate("https://\(host)/")
            ledger.world.clock.advance(by: 61)
            _ = try await browser.navigate(
                "https://\(host)/form", .page(host), method: "POST", change: .cart("of \(host)"))
        }
        let winner = try #require(try await browser.held(Host.shop))
        let loser = try #require(try await browser.held(Host.germany))
        _ = try await ledger.world.group.reconcile(current: loser, primary: winner)
        let page = try await browser.act(Host.germany, .cart("more"))
        #expect(page.session.record?.cookies.contains { $0.name == "more" } == true)
    }

    /// The login was here, and the browser holds a handle from before it: nobody else can vouch, so it begins anew.
    @Test(arguments: Engine.allCases.filter { $0 != .cookieless })
    func aPrimaryWithAnOldHandleBeginsAnew(_ engine: Engine) async throws {
        let ledger = Ledger(try World())
        let browser = ModelBrowser("ada", engine, ledger)
        try await browser.browse(Host.shop)
        let session = try #require(try await browser.held(Host.shop))
        _ = try await ledger.world.commit(.login("ada"), to: session, at: Host.shop)
        ledger.world.clock.advance(by: 61)
        let first = try await browser.browse(Host.shop).session.id
        ledger.world.clock.advance(by: 61)
        #expect(try await browser.browse(Host.shop).session.id == first)
        #expect(first != session.id)
    }

    @Test func timeoutsEndHandles() async throws {
        let world = try World()
        let session = try await world.session(age: 0)
        let cookies = world.holding(session, at: Host.shop)
        world.clock.advance(by: 86_400)
        #expect(try await world.group.resolve(cookies.session, at: world.member(Host.shop)).session != nil)
        world.clock.advance(by: 1)
        #expect(try await world.group.resolve(cookies.session, at: world.member(Host.shop)) == .none)
    }

    @Test func renewalComesAfterAQuarterOfTheIdleTime() async throws {
        let world = try World()
        let session = try await world.session(age: 0)
        world.clock.advance(by: 86_400 / 4 - 1)
        #expect(!world.group.isDueForRenewal(session))
        world.clock.advance(by: 1)
        #expect(world.group.isDueForRenewal(session))
    }
}
