import Configuration
import FoundationEssentials
import Sessions
import Testing

@testable import CrossDomain

@Suite struct EndpointTests {
    @Test(arguments: Endpoint.allCases)
    func onlyTheirOwnMethods(_ endpoint: Endpoint) async throws {
        let world = try World()
        let allowed: [Endpoint: Set<String>] = [.actions: ["POST", "OPTIONS"], .loader: ["GET", "HEAD"]]
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "PATCH", ""] {
            let visit = world.visit(Host.shop, endpoint.rawValue, method: method) { $0.origin = "https://club.example" }
            let refusal = await world.get(visit).refusal
            #expect((refusal == .methodNotAllowed) != (allowed[endpoint] ?? ["GET"]).contains(method), "\(method)")
        }
    }

    @Test(arguments: [
        "/crossdomain/", "/Crossdomain", "/CROSSDOMAIN", "//crossdomain", "/crossdomain//start", "/crossdomain/start/",
        "/%63rossdomain", "/crossdomain%2Fstart", "/crossdomain/./start", "/crossdomain/../crossdomain",
        "/crossdomain/loader.js/", "/crossdomain/LOADER.js", "/crossdomain;a=b", "/crossdomain/push/x.js",
        "/crossdomain/jwks.json", " /crossdomain", "/crossdomain/start ", "",
    ])
    func oneSpellingOnly(_ path: String) async throws {
        let world = try World()
        for method in ["GET", "POST", "OPTIONS"] {
            let visit = world.visit(Host.shop, path, site: .sameOrigin, method: method) {
                $0.origin = world.own(Host.shop)
            }
            let answer = await world.group.answer(
                visit, path: path, contentType: "application/json", body: body(["action": "begin"]),
                at: world.member(Host.shop))
            #expect(answer.refusal == .notFound)
            #expect(answer.all("Access-Control-Allow-Origin").isEmpty)
        }
    }

    @Test(arguments: [
        nil, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
        "text/plain; application/json", "application/jsonp", "application/json, text/plain", "application/json5",
        "text/plain;charset=application/json",
    ])
    func otherMediaTypesAreRefused(_ type: String?) async throws {
        let world = try World()
        let answer = await world.post(
            body: body(["action": "begin"]), at: Host.club, origin: world.own(Host.club), contentType: type)
        #expect(answer.refusal == .notJSON)
    }

    @Test func aMediaTypeDoesNotBeginWithASemicolon() async throws {
        let world = try World()
        let answer = await world.post(
            body: body(["action": "begin"]), at: Host.club, origin: world.own(Host.club),
            contentType: ";application/json")
        #expect(answer.refusal == .notJSON)
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=utf-8"])
    func JSONIsTaken(_ type: String) async throws {
        let world = try World()
        let answer = await world.post(
            body: body(["action": "begin"]), at: Host.club, origin: world.own(Host.club), contentType: type)
        #expect(answer.json["result"] == "ticket")
    }

    @Test(
        arguments: [
            ("", LadderError.badRequest), ("{", .badRequest), ("[]", .badRequest), ("null", .badRequest),
            ("{}", .badRequest),
            ("\"begin\"", .badRequest), (#"{"action":1}"#, .badRequest), (#"{"action":null}"#, .badRequest),
            (#"{"action":["begin"]}"#, .badRequest), (#"{"action":"begin","to":{}}"#, .badRequest),
            (#"{"Action":"begin"}"#, .badRequest), (#"{"action":"Begin"}"#, .unknownAction),
            (#"{"action":""}"#, .unknownAction),
            (#"{"action":"push"}"#, .unknownAction), (#"{"action":"check"}"#, .badRequest),
            (#"{"action":"check","ticket":""}"#, .badRequest), (#"{"action":"replace"}"#, .badRequest),
            (#"{"action":"replace","ticket":"x"}"#, .badTicket), (#"{"action":"check","ticket":"x"}"#, .badTicket),
            (#"{"action":"begin"} x"#, .badRequest),
        ] as [(String, LadderError)])
    func bodiesThatSayNothing(_ text: String, _ expected: LadderError) async throws {
        let world = try World()
        // The primary, so that a check gets as far as its ticket.
        #expect(
            await world.post(body: Array(text.utf8), at: Host.shop, origin: world.own(Host.shop)).refusal == expected)
    }

    @Test func aBodyIsBounded() async throws {
        let world = try World()
        let long = String(repeating: "x", count: Endpoint.largestBody)
        let answer = await world.post(["action": "begin", "more": long], at: Host.club, origin: world.own(Host.club))
        #expect(answer.refusal == .badRequest)
        let invalid = Array(#"{"action":"begin","x":""#.utf8) + [0xFF, 0xFE] + Array("\"}".utf8)
        #expect(await world.post(body: invalid, at: Host.club, origin: world.own(Host.club)).refusal == .badRequest)
    }

    @Test func everyErrorHasACodeAStatusAndASentence() {
        let errors: [(LadderError, String, Int)] = [
            (.notFound, "not_found", 404), (.methodNotAllowed, "method_not_allowed", 405), (.notJSON, "not_json", 415),
            (.badRequest, "bad_request", 400), (.unknownAction, "unknown_action", 400),
            (.foreignOrigin, "foreign_origin", 403), (.notPrimary, "not_primary", 403), (.badTicket, "bad_ticket", 400),
            (.lateTicket, "late_ticket", 400), (.spentTicket, "spent_ticket", 400),
            (.storeUnavailable, "store_unavailable", 503),
        ]
        for (error, code, status) in errors {
            let answer = Answer.error(error)
            #expect(answer.status == status)
            #expect(answer.json["error"] == code)
            #expect(answer.json["message"]?.hasSuffix(".") == true)
            #expect(answer.refusal == error)
            #expect(answer.first("X-Content-Type-Options") == "nosniff")
        }
        #expect(Answer.error(.methodNotAllowed).first("Allow") == "GET, POST, OPTIONS")
        #expect(LadderError(TicketError.late) == .lateTicket)
        for error in [TicketError.malformed, .notAuthentic, .early] { #expect(LadderError(error) == .badTicket) }
    }

    @Test func answersAreValidJSONAndSafeInAScript() throws {
        let nasty = "\"\\</script><!-- & \u{2028}\u{2029}\u{0}\u{1F}\n\u{7F} ä 🌍"
        let answer = Answer.result("ticket", [("ticket", nasty)])
        #expect(answer.json == ["result": "ticket", "ticket": nasty])
        for piece in ["<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"] { #expect(!answer.body.contains(piece)) }
        #expect(answer.body.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    }

    @Test func redirectsLeakNoAddressAndAreNotStored() {
        let answer = Answer.redirect(303, to: "https://a/b", cookies: ["a=b", "c=d"])
        #expect(answer.status == 303)
        #expect(answer.location == "https://a/b")
        #expect(answer.first("Referrer-Policy") == "no-referrer")
        #expect(answer.all("Cache-Control") == ["no-store"])
        #expect(answer.all("Set-Cookie") == ["a=b", "c=d"])
    }

    // MARK: CORS

    @Test(arguments: [Host.shop, Host.club, Host.germany, "ada.members.example"])
    func preflightsOfTheGroup(_ host: String) async throws {
        let world = try World()
        let visit = world.visit(Host.shop, "/crossdomain", method: "OPTIONS") { $0.origin = world.own(host) }
        let answer = await world.get(visit)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        #expect(answer.all("Access-Control-Allow-Origin") == [world.own(host)])
        #expect(answer.all("Access-Control-Allow-Credentials") == ["true"])
        #expect(answer.all("Access-Control-Allow-Methods") == ["POST"])
        #expect(answer.all("Access-Control-Allow-Headers") == ["Content-Type"])
        #expect(answer.all("Vary") == ["Origin"])
        #expect(answer.all("Cache-Control") == ["no-store"])
    }

    @Test(arguments: [
        nil, "null", "https://evil.example", "http://club.example", "https://club.example:8443", "https://CLUB.example",
        "https://club.example.evil.example", "https://club.example/", "https://a.b.members.example", "*",
    ])
    func strangersGetNoCORS(_ origin: String?) async throws {
        let world = try World()
        let preflight = await world.get(
            world.visit(Host.shop, "/crossdomain", method: "OPTIONS") { $0.origin = origin })
        let check = await world.post(
            ["action": "check", "ticket": world.ticket(.check, from: Host.club, to: Host.shop, nil)], at: Host.shop,
            origin: origin, site: .crossSite,
            cookies: world.holding(nil, at: Host.shop, check: try await world.session()))
        for answer in [preflight, check] {
            #expect(answer.refusal == .foreignOrigin)
            #expect(!answer.fields.contains { $0.name.hasPrefix("Access-Control") })
            #expect(answer.all("Vary") == ["Origin"])
        }
    }

    /// A script of the group must be able to read why it was refused.
    @Test func errorsAreReadableByTheGroup() async throws {
        let world = try World()
        let answer = await world.post(
            body: [], at: Host.shop, origin: world.own(Host.club), site: .crossSite, contentType: nil)
        #expect(answer.refusal == .notJSON)
        #expect(answer.first("Access-Control-Allow-Origin") == world.own(Host.club))
    }
}
