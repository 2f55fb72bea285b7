import Testing

@testable import Sessions

@Suite("Merging") struct MergeTests {
    private func cookie(_ app: String, _ name: String, _ value: String) -> AppCookie {
        AppCookie(app: app, name: name, value: value, setAt: time(1))
    }

    @Test func theWinnersCookiesWin() {
        var winner = SessionRecord(
            createdAt: time(50), epoch: 4, epochHost: "w", user: "ada", userApp: "shop",
            cookies: [cookie("shop", "id", "w")], deletedCookies: [CookieKey(app: "shop", name: "gone")])
        let loser = SessionRecord(
            createdAt: time(10), lastSeen: time(90), epoch: 9, epochHost: "l", user: "eve", userApp: "club",
            isPersistent: true,
            cookies: [
                cookie("shop", "id", "l"), cookie("club", "id", "l"), cookie("shop", "cart", "l"),
                cookie("shop", "gone", "l"),
            ], deletedCookies: [CookieKey(app: "shop", name: "id"), CookieKey(app: "club", name: "old")])
        merge(winner: &winner, winnerID: session(1), loser: loser, loserID: session(2), now: time(100))
        #expect(winner.cookies == [cookie("shop", "id", "w"), cookie("club", "id", "l"), cookie("shop", "cart", "l")])
        #expect(winner.deletedCookies == [CookieKey(app: "shop", name: "gone"), CookieKey(app: "club", name: "old")])
        #expect(winner.user == "ada" && winner.userApp == "shop" && winner.epoch == 4 && winner.epochHost == "w")
        #expect(winner.createdAt == time(50) && winner.lastSeen == time(90) && !winner.isPersistent)
        #expect(winner.mergedFrom == [.init(session: session(2), at: time(100))])
    }

    @Test func reportsAreCarriedOnceAndBounded() {
        var winner = SessionRecord(
            createdAt: time(0),
            mergedFrom: [.init(session: session(3), at: time(0)), .init(session: session(4), at: time(500))])
        let loser = SessionRecord(
            createdAt: time(0),
            mergedFrom: [.init(session: session(5), at: time(550)), .init(session: session(1), at: time(560))])
        merge(winner: &winner, winnerID: session(1), loser: loser, loserID: session(2), now: time(600))
        #expect(
            winner.mergedFrom.map(\.session) == [session(4), session(5), session(2)], "neither old ones nor itself")
        let once = winner
        merge(winner: &winner, winnerID: session(1), loser: loser, loserID: session(2), now: time(601))
        #expect(winner == once)
        for number in UInt8(10)..<60 {
            merge(winner: &winner, winnerID: session(1), loser: loser, loserID: session(number), now: time(602))
        }
        #expect(winner.mergedFrom.count == SessionRecord.maximumMerges)
        #expect(winner.mergedFrom.last?.session == session(59))
    }

    @Test func aRevokedOrForwardedWinnerTakesNothing() {
        let loser = SessionRecord(createdAt: time(0), cookies: [cookie("a", "b", "c")], data: "{}")
        var winner = SessionRecord(createdAt: time(0))
        winner.revoke(at: time(1))
        let before = winner
        merge(winner: &winner, winnerID: session(1), loser: loser, loserID: session(2), now: time(2))
        #expect(winner == before)
    }

    @Test(
        "data",
        arguments: [
            (nil, nil, nil), (#"{"a":1}"#, nil, #"{"a":1}"#), (nil, #"{"a":1}"#, #"{"a":1}"#),
            (#"{"a":1}"#, #"{"a":2}"#, #"{"a":1}"#), (#"{"a":1}"#, #"{"b":2}"#, #"{"a":1,"b":2}"#),
            ("{}", #"{"b":2}"#, #"{"b":2}"#),
            (" { } ", #" { "b" : [1, {"x":"}"}] , "c":null } "#, #"{"b" : [1, {"x":"}"}] ,"c":null }"#),
            (#"{"a":1}"#, #"{"\u0061":2,"\u0062":3}"#, #"{"a":1,"\u0062":3}"#),
            (#"{"a":{"x":1}}"#, #"{"a":{"y":2}}"#, #"{"a":{"x":1}}"#),
            (
                #"{"a":1}"#, #"{"n":12345678901234567890.00001,"s":"\"},{"}"#,
                #"{"a":1,"n":12345678901234567890.00001,"s":"\"},{"}"#
            ),
            (#"{"\#u{E9}":1}"#, #"{"e\#u{301}":2}"#, #"{"\#u{E9}":1,"e\#u{301}":2}"#),
            (#"{"a":1}"#, "[1]", #"{"a":1}"#), (#"{"a":1}"#, #"{"b":"#, #"{"a":1}"#), ("broken", #"{"b":1}"#, "broken"),
            (#"{"a":1}"#, #"{"b":1} x"#, #"{"a":1}"#), (#"{"a":1}"#, #"{"b":tru}"#, #"{"a":1}"#),
        ] as [(String?, String?, String?)])
    func data(winner: String?, loser: String?, expected: String?) {
        let merged = JSONObject.merged(winner: winner, loser: loser)
        // Trailing space inside of an object stays with the member that it follows.
        #expect(
            merged.map { Array($0.replacing(" }", with: "}").utf8) }
                == expected.map { Array($0.replacing(" }", with: "}").utf8) })
    }

    @Test func damagedDataNeverTraps() {
        var generator = Seeded(90)
        let text = [UInt8](#"{"a":{"b":["\"\\",{}]},"\u0061b":"x}","n":-1.5e3}"#.utf8)
        for _ in 0..<5000 {
            var damaged = text
            damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            let count = Int.random(in: 0...damaged.count, using: &generator)
            for bytes in [damaged, [UInt8](damaged.prefix(count))] {
                let offered = String(decoding: bytes, as: UTF8.self)
                let merged = JSONObject.merged(winner: #"{"w":1}"#, loser: offered)
                #expect(merged.flatMap { JSONObject.members(of: $0) } != nil, "what is merged stays valid JSON")
            }
        }
    }
}
