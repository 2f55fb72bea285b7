import Configuration
import SessionStores
import Sessions
import Testing

@testable import CrossDomain

@Suite struct HandshakeTests {
    @Test(arguments: [
        "", "?to=", "?to=//evil.example", "?to=%2F%2Fevil.example", "?to=%2F%5Cevil.example",
        "?to=https%3A%2F%2Fevil.example",
        "?to=%5C%5Cevil.example", "?to=%2F%09%2Fevil.example", "?to=%0D%0ASet-Cookie", "?to=/a%20b", "?to=%2", "?x=/a",
    ])
    func startLeadsNowhereElse(_ query: String) async throws {
        let world = try World()
        #expect(await world.get(Host.club, "/crossdomain/start" + query, site: .sameOrigin).refusal == .badRequest)
    }

    /// The loader sends pages here by their own address, whatever it is: the visitor must see the page, not JSON.
    @Test func anAddressTooLongToTravelIsGoneBackTo() async throws {
        let world = try World()
        let long = String(repeating: "c", count: 2048)
        let answer = await world.get(Host.club, "/crossdomain/start?to=%2Fa%3Fb%3D\(long)", site: .sameOrigin)
        #expect(answer.location?.hasPrefix("https://club.example/a?b=ccc") == true)
    }

    @Test(arguments: [.crossSite, .sameSite, .user, .other] as [Visit.FetchMetadata.Site])
    func startIsForTheOwnPages(_ site: Visit.FetchMetadata.Site) async throws {
        let world = try World()
        #expect(await world.get(Host.club, "/crossdomain/start?to=/a", site: site).refusal == .badRequest)
    }

    @Test func noLegIsForPrefetches() async throws {
        let world = try World()
        for endpoint in [Endpoint.start, .sync, .finish] {
            let target = "\(endpoint.rawValue)?to=/a&tombolo-ticket=x"
            let visit = world.visit(Host.shop, target, site: nil) { $0.fetch.isSpeculative = true }
            #expect(await world.get(visit).refusal == .badRequest)
        }
    }

    @Test func startIsSwitchedOffWithTheHandshakeAndWithoutConsent() async throws {
        for configure in [{ $0.handshake = .off }, { $0.consentCookie = "c" }] as [(inout Group) -> Void] {
            let world = try World(configure: configure)
            let answer = await world.get(Host.club, "/crossdomain/start?to=/a%3Fb%3D1", site: .sameOrigin)
            #expect(answer.location == "https://club.example/a?b=1")
            #expect(answer.all("Set-Cookie").isEmpty)
        }
    }

    /// The whole round for a visitor whom the primary knows.
    @Test func aSecondaryTakesThePrimarysSession() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let start = await world.get(Host.club, "/crossdomain/start?to=/a%3Fb%3D1%26c", site: .sameOrigin)
        #expect(start.status == 302)
        #expect(start.location?.hasPrefix("https://shop.example/crossdomain/sync?tombolo-ticket=") == true)
        let nonce = try #require(start.cookieLines.first)
        #expect(nonce.name == world.member(Host.club).cookies.nonceName)
        #expect(nonce.value.utf8.count == 32)
        let sync = await world.get(
            Host.shop, world.step(.sync, try #require(start.ticket)), cookies: world.holding(ada, at: Host.shop))
        #expect(sync.location?.hasPrefix("https://club.example/crossdomain/finish?tombolo-ticket=") == true)
        #expect(sync.all("Set-Cookie").isEmpty, "what is there is not changed")
        var cookies = Visit.Cookies()
        cookies.nonce = [nonce.value]
        let finish = await world.get(Host.club, world.step(.finish, try #require(sync.ticket)), cookies: cookies)
        #expect(finish.location == "https://club.example/a?b=1&c")
        let held = try #require(finish.cookieLines.first { $0.name == "__Host-tombolo" })
        #expect(try await world.group.resolve([held.value], at: world.member(Host.club)).session?.id == ada.id)
        for answer in [start, sync, finish] {
            #expect(answer.first("Referrer-Policy") == "no-referrer")
            #expect(answer.first("Cache-Control") == "no-store")
            #expect(answer.fields.allSatisfy { !$0.value.contains(ada.id.hex) })
        }
    }

    /// Everything as it should be but for one thing: another browser's nonce, or none.
    @Test(arguments: [nil, "0123456789abcdef0123456789abcdef"])
    func withoutTheNonceNothingIsTakenOver(_ nonce: String?) async throws {
        let world = try World()
        let mallory = try await world.session(user: "mallory")
        let own = "fedcba9876543210fedcba9876543210"
        var cookies = Visit.Cookies()
        cookies.nonce = nonce.map { [$0] } ?? []
        for (purpose, from, to) in [(TicketPurpose.finish, Host.shop, Host.club), (.adopt, Host.club, Host.shop)] {
            let ticket = world.ticket(purpose, from: from, to: to, mallory, nonce: own)
            let answer = await world.get(to, world.step(.finish, ticket), cookies: cookies)
            #expect(answer.location?.hasPrefix("https://club.example/page") == true)
            #expect(answer.all("Set-Cookie").isEmpty)
            // Who has the nonce gets there still: a stranger cannot use the ticket up.
            cookies.nonce = [own]
            let genuine = await world.get(to, world.step(.finish, ticket), cookies: cookies)
            #expect(genuine.cookieLines.contains { $0.name == "__Host-tombolo" })
            let again = await world.get(to, world.step(.finish, ticket), cookies: cookies)
            #expect(again.all("Set-Cookie").isEmpty)
            cookies.nonce = nonce.map { [$0] } ?? []
        }
    }

    @Test func aTicketWithoutNonceBindsNobody() async throws {
        let world = try World()
        let mallory = try await world.session(user: "mallory")
        var cookies = Visit.Cookies()
        cookies.nonce = ["0123456789abcdef0123456789abcdef"]
        for (purpose, from, to) in [(TicketPurpose.finish, Host.shop, Host.club), (.adopt, Host.club, Host.shop)] {
            let ticket = world.ticket(purpose, from: from, to: to, mallory)
            #expect(await world.get(to, world.step(.finish, ticket), cookies: cookies).all("Set-Cookie").isEmpty)
        }
    }

    @Test func aTicketOfOneLegOpensNoOther() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let nonce = "0123456789abcdef0123456789abcdef"
        var cookies = Visit.Cookies()
        cookies.nonce = [nonce]
        for purpose in TicketPurpose.allCases {
            let text = world.ticket(purpose, from: Host.club, to: Host.shop, ada, nonce: nonce)
            if purpose != .start {
                #expect(await world.get(Host.shop, world.step(.sync, text), cookies: cookies).refusal == .badTicket)
            }
            if purpose != .finish, purpose != .adopt {
                #expect(await world.get(Host.shop, world.step(.finish, text), cookies: cookies).refusal == .badTicket)
            }
            #expect(await world.get(Host.germany, world.step(.sync, text), cookies: cookies).refusal == .badTicket)
            #expect(await world.get(Host.germany, world.step(.finish, text), cookies: cookies).refusal == .badTicket)
            if purpose != .arrival {
                let arrived = await world.group.arrive(
                    world.visit(Host.shop, cookies: cookies), ticket: text, clean: "/", at: world.member(Host.shop))
                #expect(arrived.all("Set-Cookie").isEmpty)
            }
        }
    }

    @Test func aDomainThatHasLeftTheGroupIsNotGoneBackTo() async throws {
        let world = try World()
        let ticket = world.ticket(.start, from: "gone.example", to: Host.shop, nil, nonce: "n")
        #expect(await world.get(Host.shop, world.step(.sync, ticket)).refusal == .badTicket)
    }

    /// A primary that was purged is seeded again by a domain with a live session, and never overwrites it.
    @Test(arguments: [Engine.webKit, .firefox, .chromiumBlocking, .chromium])
    func aPurgedPrimaryIsSeededAgain(_ engine: Engine) async throws {
        let ledger = Ledger(try World())
        let browser = ModelBrowser("ada", engine, ledger)
        for host in Host.all { try await browser.browse(host) }
        try await browser.act(Host.club, .login("ada"))
        for host in Host.all {
            ledger.world.clock.advance(by: 601)
            try await browser.browse(host)
        }
        let session = try #require(try await browser.held(Host.club))
        browser.jar.purge(Host.shop)
        ledger.world.clock.advance(by: 601)
        try await browser.browse(Host.club)
        #expect(try await browser.held(Host.club)?.id == session.id)
        ledger.world.clock.advance(by: 601)
        try await browser.browse(Host.shop)
        #expect(try await browser.held(Host.shop)?.id == session.id)
        #expect(try await browser.held(Host.shop)?.record?.user == "ada")
        #expect(ledger.violations.isEmpty)
    }

    // MARK: Browsers that drop cookies

    @Test(arguments: [Group.Handshake.auto, .navigation, .loader, .off], [true, false])
    func aBrowserWithoutCookiesSeesThePage(_ handshake: Group.Handshake, _ hasStorage: Bool) async throws {
        let ledger = Ledger(try World { $0.handshake = handshake })
        let browser = ModelBrowser("robot", .cookieless, ledger)
        if !hasStorage { browser.storage = nil }
        browser.longestChain = 6
        for host in Host.all {
            for initiator in [Initiator.typed, .page(Host.evil), .page(host), .page(Host.shop)] {
                let page = try await browser.browse(host, initiator, path: "/a?b=1")
                #expect(page.host == host)
                #expect(page.redirects.count <= 4)
                let (clean, _) = Query.removing(World.settings.ticketParameter, from: page.target) ?? (page.target, "")
                #expect(clean == "/a?b=1")
            }
        }
        #expect(try await ledger.world.store.count() == 0, "nothing is written for it")
    }

    @Test func aHandshakeThatBroughtNothingIsNotRepeatedForAWhile() async throws {
        let world = try World()
        // A secondary of which the primary is told that it has a session, which is gone at the end.
        let nonce = "0123456789abcdef0123456789abcdef"
        var cookies = Visit.Cookies()
        cookies.nonce = [nonce]
        let ticket = world.ticket(.finish, from: Host.shop, to: Host.club, nil, nonce: nonce)
        let answer = await world.get(Host.club, world.step(.finish, ticket), cookies: cookies)
        #expect(answer.location == "https://club.example/page")
        let tried = try #require(answer.cookieLines.first { $0.name == world.member(Host.club).cookies.triedName })
        #expect(tried.attributes["Max-Age"] == "600")
    }

    /// The first visit of all begins one session, at the primary, and the store stays empty.
    @Test(arguments: [Engine.webKit, .firefox])
    func aFirstVisitWritesNothing(_ engine: Engine) async throws {
        let ledger = Ledger(try World())
        let browser = ModelBrowser("ada", engine, ledger)
        let page = try await browser.browse(Host.club, path: "/a?b=1")
        #expect(page.target == "/a?b=1")
        #expect(try await browser.held(Host.club)?.id == browser.held(Host.shop)?.id)
        #expect(try await ledger.world.store.count() == 0)
    }
}
