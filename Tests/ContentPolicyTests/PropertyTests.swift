import ContentPolicy
import Testing

/// Thousands of generated policies: the loader runs, and everything else fares as before.
@Suite("Properties") struct PropertyTests {
    static let origins = ["https://shop.example", "http://shop.example:8080"]

    @Test("the loader runs and fetches; every other attempt has the verdict it had", arguments: origins, [1, 2, 3])
    func soundness(origin: String, seed: UInt64) throws {
        let policy = try Shop.policy(origin: origin)
        let probes = Probes.all(origin)
        var dice = Dice(state: seed)
        var outcomes = (same: 0, rewritten: 0, nonce: 0, integrity: 0)
        for _ in 0..<2000 {
            let page = PolicyGenerator.page(&dice)
            let adapted: [String]
            let tag: TagAttributes
            switch policy.adapt(page.map { Array($0.utf8) }) {
            case .unchanged(let attributes): (adapted, tag, outcomes.same) = (page, attributes, outcomes.same + 1)
            case .rewritten(let lines, let attributes):
                adapted = lines.map { String(decoding: $0, as: UTF8.self) }
                (tag, outcomes.rewritten) = (attributes, outcomes.rewritten + 1)
                #expect(adapted.count == page.count && adapted != page)
            case .blocked(let obstacle):
                Issue.record("\(page): \(obstacle)")
                continue
            }
            outcomes.nonce += tag.nonce == nil ? 0 : 1
            outcomes.integrity += tag.integrity == nil ? 0 : 1
            let before = ReferenceEvaluator(page, origin: origin)
            let after = ReferenceEvaluator(adapted, origin: origin)
            for attempt in ours(origin, tag) where !after.allows(attempt) {
                Issue.record("\(page)\n→ \(adapted) \(tag): not allowed: \(attempt)")
            }
            for attempt in probes where adapted != page && before.allows(attempt) != after.allows(attempt) {
                Issue.record("\(page)\n→ \(adapted) \(tag): now \(after.allows(attempt)): \(attempt)")
            }
            #expect(untouched(page, adapted))
            #expect(policy.adapt(adapted.map { Array($0.utf8) }) == .unchanged(tag), "a second time changes nothing")
        }
        // No outcome is so rare that it went untested.
        #expect(outcomes.same > 100 && outcomes.rewritten > 100 && outcomes.nonce > 100 && outcomes.integrity > 100)
    }

    private func ours(_ origin: String, _ tag: TagAttributes) -> [Attempt] {
        [
            Attempt(
                kind: .scriptElement, url: origin + "/crossdomain/loader.js", nonce: tag.nonce ?? "",
                hash: tag.integrity ?? ""),
            Attempt(kind: .connect, url: origin + "/crossdomain"), Attempt(kind: .connect, url: Shop.primary),
        ]
    }

    /// Whether the adapted text has all of the page's in order, but for `'none'`: nothing is ever taken away.
    private func untouched(_ page: [String], _ adapted: [String]) -> Bool {
        zip(page, adapted).allSatisfy { before, after in
            var rest = Array(before.utf8)[...]
            for byte in after.utf8 where byte == rest.first { rest.removeFirst() }
            return rest.isEmpty
                || before.lowercased().utf8.count < after.utf8.count && before.lowercased().contains("'none'")
        }
    }
}

/// What pages try besides: nothing of it may change.
enum Probes {
    static func all(_ origin: String) -> [Attempt] {
        let own = ["/app.js", "/crossdomain/other.js", "/crossdomain/", "/crossdomain/loader.js/x", "/"]
        let elsewhere = [
            "https://cdn.example/a.js", "https://club.example/a.js", "https://evil.example/crossdomain/loader.js",
        ]
        var attempts: [Attempt] = []
        for url in own.map({ origin + $0 }) + elsewhere {
            for kind in [Attempt.Kind.scriptElement, .worker, .connect, .image, .style, .frame] {
                attempts.append(Attempt(kind: kind, url: url))
            }
            attempts.append(Attempt(kind: .scriptElement, url: url, isParserInserted: false))
            attempts.append(Attempt(kind: .scriptElement, url: url, nonce: "abc"))
            attempts.append(Attempt(kind: .scriptElement, url: url, hash: "sha256-AAAA"))
        }
        for kind in [Attempt.Kind.inlineScript, .eventHandler, .inlineStyle] {
            attempts.append(Attempt(kind: kind))
            attempts.append(Attempt(kind: kind, nonce: "abc"))
            attempts.append(Attempt(kind: kind, nonce: "unknown"))
            attempts.append(Attempt(kind: kind, hash: "sha256-AAAA"))
            attempts.append(Attempt(kind: kind, hash: "sha256-unknown"))
        }
        // The loader's address is opened for scripts and nothing else, the endpoints for fetching and nothing else.
        for kind in [Attempt.Kind.connect, .image, .style, .frame] {
            attempts.append(Attempt(kind: kind, url: origin + "/crossdomain/loader.js"))
        }
        for kind in [Attempt.Kind.scriptElement, .worker, .image, .style, .frame] {
            attempts.append(Attempt(kind: kind, url: origin + "/crossdomain"))
            attempts.append(Attempt(kind: kind, url: Shop.primary))
        }
        return attempts + [Attempt(kind: .eval), Attempt(kind: .wasm)]
    }
}

/// Makes policies as apps could send them, good and bad.
enum PolicyGenerator {
    private static let names = [
        "default-src", "default-src", "script-src", "script-src", "script-src-elem", "script-src-attr", "connect-src",
        "worker-src", "child-src", "style-src", "img-src", "frame-src", "object-src", "base-uri", "Script-SRC",
    ]
    private static let sources = [
        "'self'", "'self'", "'SELF'", "*", "https:", "http:", "data:", "shop.example", "*.example", "cdn.example",
        "https://cdn.example", "https://shop.example/crossdomain/", "shop.example:8080", "shop.example:*",
        "shop.example/crossdomain/loader.js", "https://club.example/crossdomain", "club.example/crossdomain/", "wss:",
        "'unsafe-inline'", "'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'", "'unsafe-hashes'",
        "'report-sample'", "'strict-dynamic'", "'strict-dynamic'", "'nonce-abc'", "'nonce-abc'", "'nonce-d3f+/=='",
        "'Nonce-Abc'", "'nonce-$bad'", "'sha256-AAAA'", "'SHA256-AAAA'", "'sha384-BBBB'", "'none'", "'nonsense'",
    ]

    static func page(_ dice: inout Dice) -> [String] {
        (0..<Int.random(in: 1...2, using: &dice)).map { _ in
            (0..<(dice.happens(20) ? 2 : 1)).map { _ in policy(&dice) }.joined(
                separator: dice.one(of: [",", ", ", " ,"]))
        }
    }

    private static func policy(_ dice: inout Dice) -> String {
        let directives = (0..<Int.random(in: 0...5, using: &dice)).map { _ in directive(&dice) }
        return directives.joined(separator: dice.one(of: [";", "; ", " ;\t"])) + dice.one(of: ["", "", ";", " ; "])
    }

    private static func directive(_ dice: inout Dice) -> String {
        if dice.happens(5) { return dice.one(of: ["", "script-src é", "upgrade-insecure-requests", "x y z", "\u{C}"]) }
        let name = dice.one(of: names)
        if dice.happens(15) { return name + dice.one(of: [" 'none'", "", " 'None' ", "\t'none'"]) }
        let count = Int.random(in: 1...4, using: &dice)
        return name + " " + (0..<count).map { _ in dice.one(of: sources) }.joined(separator: dice.one(of: [" ", "  "]))
    }
}
