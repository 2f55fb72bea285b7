import Configuration
import Sessions
import Testing

@testable import CrossDomain

@Suite struct SessionCookiesTests {
    @Test func overHTTPS() {
        let cookies = SessionCookies(base: "tombolo", domain: nil, isSecure: true)
        #expect(cookies.session("H", maxAge: nil) == "__Host-tombolo=H; Path=/; Secure; HttpOnly; SameSite=Lax")
        #expect(
            cookies.session("H", maxAge: 9) == "__Host-tombolo=H; Path=/; Max-Age=9; Secure; HttpOnly; SameSite=Lax")
        #expect(cookies.endSession() == "__Host-tombolo=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
        #expect(
            cookies.check("H", maxAge: nil) == "tombolo-check=H; Path=/crossdomain; Secure; HttpOnly; SameSite=None")
        #expect(
            cookies.nonce("N", lifetime: 60)
                == "\(cookies.nonceName)=N; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax")
        #expect(cookies.nonceName == "__Host-tombolo-nonce", "no other subdomain can put its own there")
        #expect(
            cookies.tried(interval: 5) == "__Host-tombolo-tried=1; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Lax")
        #expect(cookies.due() == "tombolo-due=1; Path=/; Max-Age=3600; Secure; SameSite=Lax")
        #expect(cookies.notDue(for: 9) == "tombolo-due=0; Path=/; Max-Age=9; Secure; SameSite=Lax")
    }

    @Test func overPlainHTTP() {
        let cookies = SessionCookies(base: "s", domain: nil, isSecure: false)
        #expect(cookies.session("H", maxAge: nil) == "s=H; Path=/; HttpOnly; SameSite=Lax")
        #expect(
            cookies.check("H", maxAge: 7) == "s-check=H; Path=/crossdomain; Max-Age=7; Secure; HttpOnly; SameSite=None")
        #expect(cookies.due() == "s-due=1; Path=/; Max-Age=3600; SameSite=Lax")
    }

    @Test func forSubdomains() {
        let cookies = SessionCookies(base: "s", domain: "members.example", isSecure: true)
        #expect(
            cookies.session("H", maxAge: nil)
                == "__Secure-s=H; Path=/; Domain=members.example; Secure; HttpOnly; SameSite=Lax")
        #expect(cookies.endSession().contains("; Domain=members.example; Max-Age=0"))
        #expect(!cookies.nonce("N", lifetime: 1).contains("Domain="))
        #expect(!cookies.tried(interval: 1).contains("Domain="))
    }

    @Test(arguments: [
        (Group.CookieSettings.Secure.auto, "https", true), (.auto, "http", false), (.always, "http", true),
        (.never, "https", false),
    ])
    func secureAsConfigured(_ setting: Group.CookieSettings.Secure, _ scheme: String, _ isSecure: Bool) throws {
        let world = try World { $0.cookie.secure = setting }
        let site = Site(scheme: scheme, host: Host.shop, port: nil)
        #expect(Member(site, cookieDomain: nil, in: world.group.settings).cookies.isSecure == isSecure)
    }

    @Test func aHandleIsBoundToItsHostPurposeAndGroup() async throws {
        let world = try World()
        let session = try await world.session(user: "ada")
        let handle = world.handle(session, at: Host.shop)
        #expect(try await world.group.resolve([handle], at: world.member(Host.shop)).session?.id == session.id)
        #expect(try await world.group.resolve([handle], at: world.member(Host.club)) == .none)
        #expect(
            try await world.group.resolve([handle], at: world.member(Host.shop), purpose: .crossSiteCheck) == .none)
        let check = world.handle(session, at: Host.shop, check: true)
        #expect(try await world.group.resolve([check], at: world.member(Host.shop)) == .none)
        let other = try World(clock: world.clock, store: world.store) { $0.name = "others" }
        #expect(try await other.group.resolve([handle], at: other.member(Host.shop)) == .none)
    }

    @Test func hostsOfOneCookieDomainShareTheirHandle() async throws {
        let world = try World()
        func member(_ host: String) -> Member {
            Member(
                Site(scheme: "https", host: host, port: nil), cookieDomain: "members.example", in: world.group.settings)
        }
        let session = try await world.session(user: "ada")
        let line = CookieLine(try #require(world.group.issue(session, to: member("ada.members.example")).first))
        #expect(
            try await world.group.resolve([line.value], at: member("ben.members.example")).session?.id == session.id)
    }

    @Test func onlyThePrimaryHasACheckCookieAndNotForABeginner() async throws {
        let world = try World()
        let session = try await world.session()
        func names(_ host: String, isNew: Bool = false) -> [String] {
            world.group.issue(session, to: world.member(host), isNew: isNew).map { CookieLine($0).name }
        }
        #expect(names(Host.shop) == ["__Host-tombolo", "tombolo-check"])
        #expect(names(Host.shop, isNew: true) == ["__Host-tombolo"])
        #expect(names(Host.club) == ["__Host-tombolo"])
        let without = try World { $0.fetch = false }
        #expect(without.group.issue(session, to: without.member(Host.shop)).count == 1)
    }

    @Test func ofTwoCookiesTheGenuineOneCounts() async throws {
        let world = try World()
        let session = try await world.session(user: "ada")
        let handle = world.handle(session, at: Host.shop)
        var memo = HandleMemo()
        for values in [["junk", handle], [handle, "junk"], ["", String(handle.reversed()), handle]] {
            #expect(try await world.group.resolve(values, at: world.member(Host.shop)).session?.id == session.id)
            #expect(
                world.group.resolveFromCache(values, at: world.member(Host.shop), memo: &memo).session?.id == session.id
            )
        }
        let stale = ResolvedSession(
            id: session.id, epoch: 0, firstSeen: session.firstSeen, issuedAt: session.issuedAt, isPersistent: false,
            record: nil)
        let old = world.handle(stale, at: Host.shop)
        #expect(try await world.group.resolve([old, handle], at: world.member(Host.shop)).session?.id == session.id)
        #expect(try await world.group.resolve([old, "junk"], at: world.member(Host.shop)) == .stale(peer: Host.shop))
    }
}
