import Configuration
import SessionStores
import Sessions
import Testing

@testable import CrossDomain

/// The link and location rungs, and what strangers may make of them.
@Suite struct LinkTests {
    private func arrive(
        _ world: World, _ ticket: String, at host: String = Host.club, own: ResolvedSession? = nil,
        referer: String? = "https://shop.example/", _ change: (inout Visit) -> Void = { _ in }
    ) async throws -> ResolvedSession? {
        let visit = world.visit(
            host, cookies: world.holding(own, at: host), referer: referer, change: change)
        let answer = await world.group.arrive(visit, ticket: ticket, clean: "/a?b=1", at: world.member(host))
        #expect(answer.status == 303)
        #expect(answer.location == "https://\(host)/a?b=1")
        #expect(answer.first("Referrer-Policy") == "no-referrer")
        guard let line = answer.cookieLines.first(where: { $0.name == "__Host-tombolo" }) else { return nil }
        return try await world.group.resolve([line.value], at: world.member(host)).session
    }

    @Test func aFreshDomainTakesItOnce() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, ada)
        #expect(try await arrive(world, ticket, referer: "https://shop.example/")?.id == ada.id)
        #expect(try await arrive(world, ticket, referer: "https://shop.example/") == nil)
    }

    @Test(arguments: [
        "https://evil.example/", "https://shop.example.evil.example/", "http://shop.example/",
        "https://shop.example:8443/",
        "https://a.b.members.example/", "https://shop.example@evil.example/", "null", "", nil,
    ])
    func aReferrerFromOutsideIsRefused(_ referer: String?) async throws {
        let world = try World()
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, try await world.session(user: "mallory"))
        #expect(try await arrive(world, ticket, referer: referer) == nil)
    }

    @Test func aTicketOfOneDomainOnAPageOfAnotherIsRefused() async throws {
        let world = try World()
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, try await world.session(user: "mallory"))
        #expect(try await arrive(world, ticket, referer: "https://ada.members.example/") == nil)
    }

    @Test func wrongHostLateOrForgedTicketsAreIgnored() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, ada)
        #expect(try await arrive(world, ticket, at: Host.germany) == nil)
        for text in ["", "x", ticket + "A", String(ticket.dropLast()), String(ticket.reversed()), "none"] {
            #expect(try await arrive(world, text) == nil)
        }
        let empty = world.ticket(.arrival, from: Host.shop, to: Host.club, nil)
        #expect(try await arrive(world, empty) == nil)
        world.clock.advance(by: 61)
        #expect(try await arrive(world, ticket) == nil)
    }

    @Test func withoutConsentNothingArrives() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let ticket = world.ticket(.arrival, from: Host.shop, to: Host.club, ada)
        #expect(try await arrive(world, ticket) { $0.fetch.optsOut = true } == nil)
        let asking = try World { $0.consentCookie = "consent" }
        let other = asking.ticket(.arrival, from: Host.shop, to: Host.club, try await asking.session(user: "ada"))
        #expect(try await arrive(asking, other) == nil)
        #expect(try await arrive(asking, other) { $0.cookies.hasConsent = true } != nil)
    }

    /// Own session, arriving session, and whether it may take its place.
    @Test func noSessionOfValueIsPutAside() async throws {
        for host in [Host.club, Host.shop] {
            let world = try World()
            let ada = try await world.session(user: "ada")
            let mallory = try await world.session(user: "mallory")
            let cart = try await world.session()
            let old = try await world.session(hasRecord: false)
            let fresh = ResolvedSession.new(world.group.random, now: world.clock.now)
            let cases: [(own: ResolvedSession, theirs: ResolvedSession, isTaken: Bool)] = [
                (ada, mallory, false), (ada, cart, false), (ada, fresh, false), (cart, mallory, true),
                (cart, cart, true), (fresh, mallory, true), (old, mallory, true), (cart, fresh, false),
            ]
            for (own, theirs, isTaken) in cases {
                let ticket = world.ticket(.arrival, from: Host.germany, to: host, theirs)
                let taken = try await arrive(world, ticket, at: host, own: own, referer: "https://\(Host.germany)/")
                #expect(taken?.id == (isTaken ? theirs.id : nil), "\(host) \(own.side) \(theirs.side)")
            }
            #expect(try await world.group.repository.load(cart.id)?.record.forward == nil, "arrivals leave no marks")
        }
    }

    @Test func aTicketFromBeforeALoginOrLogoutBringsNothing() async throws {
        let world = try World()
        let session = try await world.session()
        let tickets = (0..<2).map { _ in world.ticket(.arrival, from: Host.shop, to: Host.club, session) }
        _ = try await world.commit(.login("ada"), to: session, at: Host.shop)
        #expect(try await arrive(world, tickets[0]) == nil)
        try await world.group.repository.update(session.id) { [now = world.clock.now] in $0?.logout(at: now) }
        #expect(try await arrive(world, tickets[1]) == nil)
    }

    // MARK: Location

    @Test(arguments: [
        ("https://club.example/a?b#c", "https://club.example/a?b&tombolo-ticket=", "#c"),
        ("//club.example/", "//club.example/?tombolo-ticket=", ""),
        ("HTTPS://Club.Example", "HTTPS://Club.Example?tombolo-ticket=", ""),
        ("https://club.example:443/", "https://club.example:443/?tombolo-ticket=", ""),
        ("https://ada.members.example/x", "https://ada.members.example/x?tombolo-ticket=", ""),
    ])
    func locationsOfSiblingsGetATicket(_ location: String, _ start: String, _ end: String) async throws {
        let world = try World()
        let session = try await world.session()
        let decorated = try #require(
            world.group.decorate(
                location: location, of: session, visit: world.visit(Host.shop), at: world.member(Host.shop)))
        #expect(decorated.hasPrefix(start))
        #expect(decorated.hasSuffix(end))
        #expect(!decorated.contains(session.id.hex))
    }

    @Test(arguments: [
        "/a", "a", "", "?b", "#c", "https://shop.example/", "https://evil.example/", "http://club.example/",
        "https://club.example:8443/", "https://club.example@evil.example/", "https://club.example.evil.example/",
        "https:club.example", "https:/club.example", "/\\club.example", "https://a.b.members.example/",
        "https://members.example/", "javascript:alert(1)", "ftp://club.example/", "///club.example/",
        "https://club.example/?tombolo-ticket=x", "https://evil.example/?https://club.example/",
        "https://evil.example\t.club.example/", "https://[::1]/",
    ])
    func otherLocationsAreLeftAlone(_ location: String) async throws {
        let world = try World()
        let session = try await world.session()
        #expect(
            world.group.decorate(
                location: location, of: session, visit: world.visit(Host.shop), at: world.member(Host.shop)) == nil)
    }

    @Test func locationsAreSwitchedOffAndAskForConsent() async throws {
        func decorate(
            _ configure: (inout Group) -> Void, _ change: (inout Visit) -> Void = { _ in }
        ) async throws -> String? {
            let world = try World(configure: configure)
            return world.group.decorate(
                location: "https://club.example/", of: try await world.session(),
                visit: world.visit(Host.shop, change: change), at: world.member(Host.shop))
        }
        #expect(try await decorate({ _ in }) != nil)
        #expect(try await decorate { $0.locations = false } == nil)
        #expect(try await decorate { $0.consentCookie = "consent" } == nil)
        #expect(try await decorate({ $0.consentCookie = "consent" }, { $0.cookies.hasConsent = true }) != nil)
        #expect(try await decorate({ _ in }, { $0.fetch.optsOut = true }) == nil)
    }
}
