import Configuration
import SessionStores
import Sessions
import Testing

@testable import CrossDomain

/// `begin`, `check` and `replace`, request by request.
@Suite struct ActionTests {
    @Test(
        arguments: [
            (nil, nil), ("null", .sameOrigin), ("https://shop.example", nil), ("https://evil.example", nil),
            ("http://club.example", nil), ("https://club.example:8443", nil), ("https://CLUB.example", nil),
            ("https://club.example", .crossSite), ("https://club.example", .sameSite),
            ("https://club.example", .user), ("https://club.example", .other),
        ] as [(String?, Visit.FetchMetadata.Site?)])
    func beginAndReplaceAreForTheirOwnPagesOnly(_ origin: String?, _ site: Visit.FetchMetadata.Site?) async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let cookies = world.holding(ada, at: Host.club)
        for members in [
            ["action": "begin"], ["action": "begin", "to": Host.shop],
            ["action": "replace", "ticket": world.ticket(.replace, from: Host.shop, to: Host.club, ada)],
        ] {
            let answer = await world.post(members, at: Host.club, origin: origin, site: site, cookies: cookies)
            #expect(answer.refusal == .foreignOrigin)
        }
    }

    @Test func beginGivesATicketForThePrimary() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let answer = await world.post(
            ["action": "begin"], at: Host.club, origin: world.own(Host.club), site: .sameOrigin,
            cookies: world.holding(ada, at: Host.club))
        #expect(answer.json["result"] == "ticket")
        #expect(answer.json["primary"] == "https://shop.example/crossdomain")
        let text = try #require(answer.json["ticket"])
        let ticket = try world.group.open(text, .check, at: world.member(Host.shop)).get()
        #expect(ticket.session == ada.carried)
        #expect(ticket.from == Host.club)
        #expect(!answer.body.contains(ada.id.hex))
        #expect(answer.cookieLines.allSatisfy { $0.name == "tombolo-due" })
    }

    @Test(arguments: [
        ("club.example", false), ("evil.example", false), ("", false), ("shop.example", true),
        ("ada.members.example", true),
    ])
    func linksLeadToSiblingsOnly(_ to: String, _ isSibling: Bool) async throws {
        let world = try World()
        let session = try await world.session()
        let answer = await world.post(
            ["action": "begin", "to": to], at: Host.club, origin: world.own(Host.club),
            cookies: world.holding(session, at: Host.club))
        #expect(isSibling ? answer.json["result"] == "ticket" : answer.refusal == .badRequest)
        let without = try World { $0.links = false }
        let refused = await without.post(
            ["action": "begin", "to": Host.shop], at: Host.club, origin: without.own(Host.club))
        #expect(refused.refusal == .badRequest)
    }

    @Test func withoutASessionALinkGetsNoTicket() async throws {
        let world = try World()
        let answer = await world.post(
            ["action": "begin", "to": Host.shop], at: Host.club, origin: world.own(Host.club))
        #expect(answer.json == ["result": "use_current"])
    }

    @Test func checkIsThePrimarysAlone() async throws {
        let world = try World()
        let ticket = world.ticket(.check, from: Host.germany, to: Host.club, nil)
        let answer = await world.post(
            ["action": "check", "ticket": ticket], at: Host.club, origin: world.own(Host.germany))
        #expect(answer.refusal == .notPrimary)
    }

    @Test func aCheckTicketOfAnotherDomainsPageIsRefused() async throws {
        let world = try World()
        let ticket = world.ticket(.check, from: Host.germany, to: Host.shop, try await world.session())
        let answer = await world.post(
            ["action": "check", "ticket": ticket], at: Host.shop, origin: world.own(Host.club))
        #expect(answer.refusal == .badTicket)
    }

    @Test(arguments: [false, true])
    func noCookieIsBelievedOnlyOfABrowserThatProvesIt(_ hasStorageAccess: Bool) async throws {
        let world = try World()
        let session = try await world.session()
        let answer = await world.post(
            ["action": "check", "ticket": world.ticket(.check, from: Host.club, to: Host.shop, session)], at: Host.shop,
            origin: world.own(Host.club), site: .crossSite, hasStorageAccess: hasStorageAccess)
        #expect(answer.json == ["result": hasStorageAccess ? "use_current" : "unknown"])
        #expect(answer.cookieLines.map(\.name) == (hasStorageAccess ? ["tombolo-check"] : []))
    }

    @Test func theTableAnswersACheck() async throws {
        let world = try World()
        func check(_ current: ResolvedSession?, _ primary: ResolvedSession) async -> Answer {
            await world.post(
                ["action": "check", "ticket": world.ticket(.check, from: Host.club, to: Host.shop, current)],
                at: Host.shop, origin: world.own(Host.club), cookies: world.holding(nil, at: Host.shop, check: primary))
        }
        let ada = try await world.session(user: "ada")
        let ben = try await world.session(user: "ben")
        let fresh = ResolvedSession.new(world.group.random, now: world.clock.now)
        #expect(await check(ada, ada).json == ["result": "use_current"])
        #expect(await check(ada, fresh).json == ["result": "use_current"])
        #expect(await check(nil, ada).json["result"] == "replace")
        #expect(await check(fresh, try await world.session()).json["result"] == "replace")
        #expect(await check(ada, try await world.session()).json == ["result": "use_current"])
        #expect(await check(try await world.session(), ada).json["result"] == "replace")
        #expect(await check(ben, ada).json["result"] == "replace")
        #expect(try await world.group.repository.load(ben.id)?.record.forward?.to == ada.id)
        let keeping = try World { $0.conflict = .keep }
        let carl = try await keeping.session(user: "carl")
        let dora = try await keeping.session(user: "dora")
        let kept = await keeping.post(
            ["action": "check", "ticket": keeping.ticket(.check, from: Host.club, to: Host.shop, carl)], at: Host.shop,
            origin: keeping.own(Host.club), cookies: keeping.holding(nil, at: Host.shop, check: dora))
        #expect(kept.json == ["result": "use_current"])
        #expect(kept.all("Set-Cookie").isEmpty)
        #expect(try await keeping.group.repository.load(carl.id)?.record.forward == nil)
    }

    @Test func ticketsAreSpentByTheirFirstUseAndDieOfAge() async throws {
        let world = try World()
        let session = try await world.session()
        let check = ["action": "check", "ticket": world.ticket(.check, from: Host.club, to: Host.shop, session)]
        let replace = ["action": "replace", "ticket": world.ticket(.replace, from: Host.shop, to: Host.club, session)]
        let late = ["action": "replace", "ticket": world.ticket(.replace, from: Host.shop, to: Host.club, session)]
        #expect(await world.post(check, at: Host.shop, origin: world.own(Host.club)).status == 200)
        #expect(await world.post(replace, at: Host.club, origin: world.own(Host.club)).json["result"] == "replaced")
        for _ in 0..<2 {
            #expect(await world.post(check, at: Host.shop, origin: world.own(Host.club)).refusal == .spentTicket)
            #expect(await world.post(replace, at: Host.club, origin: world.own(Host.club)).refusal == .spentTicket)
        }
        world.clock.advance(by: 60)
        #expect(await world.post(replace, at: Host.club, origin: world.own(Host.club)).refusal == .spentTicket)
        world.clock.advance(by: 1)
        #expect(await world.post(late, at: Host.club, origin: world.own(Host.club)).refusal == .lateTicket)
    }

    @Test func aTicketOpensForItsPurposeHostAndSenderOnly() async throws {
        let world = try World()
        let session = try await world.session(user: "ada")
        for purpose in TicketPurpose.allCases {
            for (from, to) in [(Host.shop, Host.club), (Host.germany, Host.club), (Host.shop, Host.germany)] {
                let ticket = world.ticket(purpose, from: from, to: to, session)
                let answer = await world.post(
                    ["action": "replace", "ticket": ticket], at: Host.club, origin: world.own(Host.club))
                let isRight = purpose == .replace && from == Host.shop && to == Host.club
                #expect(
                    isRight ? answer.json["result"] == "replaced" : answer.refusal == .badTicket, "\(purpose) \(from)")
                guard purpose != .check else { continue }
                let check = world.ticket(purpose, from: Host.club, to: Host.shop, session)
                let checked = await world.post(
                    ["action": "check", "ticket": check], at: Host.shop, origin: world.own(Host.club))
                #expect(checked.refusal == .badTicket)
            }
        }
    }

    @Test func aLoginSinceTheCheckCountsMoreThanTheCheck() async throws {
        let world = try World()
        let anonymous = try await world.session()
        let ada = try await world.session(user: "ada")
        let ticket = world.ticket(.replace, from: Host.shop, to: Host.club, anonymous)
        let answer = await world.post(
            ["action": "replace", "ticket": ticket], at: Host.club, origin: world.own(Host.club),
            cookies: world.holding(ada, at: Host.club))
        #expect(answer.json == ["result": "use_current"])
        #expect(answer.all("Set-Cookie").isEmpty)
    }

    @Test func aReplaceTicketFromBeforeALoginOrLogoutBringsNothing() async throws {
        let world = try World()
        let session = try await world.session()
        let ticket = world.ticket(.replace, from: Host.shop, to: Host.club, session)
        let other = world.ticket(.replace, from: Host.shop, to: Host.club, session)
        _ = try await world.commit(.login("ada"), to: session, at: Host.shop)
        let stale = await world.post(
            ["action": "replace", "ticket": ticket], at: Host.club, origin: world.own(Host.club))
        #expect(stale.json == ["result": "use_current"])
        try await world.group.repository.update(session.id) { [now = world.clock.now] in $0?.logout(at: now) }
        let revoked = await world.post(
            ["action": "replace", "ticket": other], at: Host.club, origin: world.own(Host.club))
        #expect(revoked.json == ["result": "use_current"])
    }
}
