import Configuration
import FoundationEssentials
import Sessions
import Testing

@testable import CrossDomain

@Suite struct LoaderScriptTests {
    private struct Settings: Decodable {
        var endpoint: String
        var interval: Int
        var fetch: Bool
        var handshake: Bool
        var links: Bool
        var siblings: [String]
        var parameter: String
        var ticketLifetime: Int
        var reload: String
        var consent: String?
        var due: String
    }

    private func script(of host: String, in world: World, cookies: Visit.Cookies = .init()) async -> Answer {
        await world.get(host, Endpoint.loader.rawValue, cookies: cookies)
    }

    private func settings(_ answer: Answer) throws -> Settings {
        let last = try #require(answer.body.split(separator: "\n").last)
        #expect(last.hasPrefix("})(") && last.hasSuffix(");"))
        return try JSONDecoder().decode(Settings.self, from: Data(last.dropFirst(3).dropLast(2).utf8))
    }

    @Test func settingsAreJSON() async throws {
        let world = try World {
            $0.checkInterval = 77
            $0.ticketLifetime = 33
            $0.reload = .event
            $0.links = false
            $0.handshake = .off
            $0.consentCookie = "a\"</script>b"
            $0.ticketParameter = "carry"
        }
        let answer = await script(of: Host.shop, in: world)
        #expect(!answer.body.contains("</script"))
        let found = try settings(answer)
        #expect(found.endpoint == "/crossdomain")
        #expect(found.interval == 77)
        #expect(found.fetch)
        #expect(!found.handshake)
        #expect(!found.links)
        #expect(found.siblings == [Host.germany, Host.club, "*.members.example"])
        #expect(found.parameter == "carry")
        #expect(found.ticketLifetime == 33)
        #expect(found.reload == "event")
        #expect(found.consent == "a\"</script>b")
        #expect(found.due == "tombolo-due")
        #expect(try settings(await script(of: Host.club, in: try World())).consent == nil)
    }

    @Test func itIsTheSameForEverybodyAndCacheable() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let plain = await script(of: Host.shop, in: world)
        #expect(await script(of: Host.shop, in: world, cookies: world.holding(ada, at: Host.shop, check: ada)) == plain)
        #expect(plain.status == 200)
        #expect(plain.all("Cache-Control") == ["public, max-age=300"])
        #expect(plain.first("Content-Type") == "text/javascript; charset=utf-8")
        #expect(plain.first("X-Content-Type-Options") == "nosniff")
        #expect(plain.first("Cross-Origin-Resource-Policy") == "same-origin")
        #expect(plain.all("Set-Cookie").isEmpty)
        #expect(!plain.body.contains(ada.id.hex))
        #expect(!plain.body.contains("127.0.0.1"), "where the upstreams are is nobody's business")
    }

    // MARK: Consent

    @Test func withoutConsentNoComparisonBegins() async throws {
        let world = try World { $0.consentCookie = "consent" }
        let ada = try await world.session(user: "ada")
        var cookies = world.holding(ada, at: Host.club)
        for members in [["action": "begin"], ["action": "begin", "to": Host.shop]] {
            cookies.hasConsent = false
            let refused = await world.post(members, at: Host.club, origin: world.own(Host.club), cookies: cookies)
            #expect(refused.json == ["result": "use_current"])
            cookies.hasConsent = true
            let begun = await world.post(members, at: Host.club, origin: world.own(Host.club), cookies: cookies)
            #expect(begun.json["result"] == "ticket")
            let optedOut = await world.post(
                members, at: Host.club, origin: world.own(Host.club), cookies: cookies, optsOut: true)
            #expect(optedOut.json == ["result": "use_current"])
        }
    }

    @Test func aCheckOfSomebodyWhoOptsOutComparesNothing() async throws {
        let world = try World()
        let ada = try await world.session(user: "ada")
        let members = ["action": "check", "ticket": world.ticket(.check, from: Host.club, to: Host.shop, nil)]
        let answer = await world.post(
            members, at: Host.shop, origin: world.own(Host.club),
            cookies: world.holding(nil, at: Host.shop, check: ada), optsOut: true)
        #expect(answer.json == ["result": "use_current"])
        #expect(answer.all("Set-Cookie").isEmpty)
    }

    @Test(arguments: Engine.allCases)
    func withoutConsentDomainsStayApart(_ engine: Engine) async throws {
        let ledger = Ledger(try World { $0.consentCookie = "consent" })
        let browser = ModelBrowser("ada", engine, ledger)
        for _ in 0..<2 {
            for host in Host.all {
                ledger.world.clock.advance(by: 601)
                let page = try await browser.browse(host)
                #expect(page.redirects.isEmpty)
            }
        }
        guard engine != .cookieless else { return }
        var held: Set<String> = []
        for host in Host.all { if let id = try await browser.held(host)?.id.hex { held.insert(id) } }
        #expect(held.count == 3)
    }
}
