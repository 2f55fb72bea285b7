import ContentPolicy
import Testing

/// Policies with bytes changed, lost, doubled and made up: nothing crashes, nothing leaves the header's or the attribute's
/// syntax, and nothing that was there is lost.
@Suite("Mutations") struct MutationTests {
    private static let seeds = [
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'",
        "script-src https://*.example:443/a%2Fb/ 'sha256-AAAA=' 'unsafe-inline', sandbox allow-scripts allow-same-origin",
        "default-src 'self' data: *:*; script-src-elem 'none';;", "script-src", "sandbox",
    ].map { Array($0.utf8) }

    private static let pieces = [
        "'", "\"", ">", "<script>", ";", ",", " ", "\u{C}", "\t", "\u{0}", "%", "%4", "://", ":", ":*", "*", "*.", "/",
        "'none'", "'nonce-", "=", "'strict-dynamic'", "é", "\u{7F}", "sandbox ", "default-src ", "script-src ",
    ].map { Array($0.utf8) }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func mutations(seed: UInt64) throws {
        let policy = try Shop.policy()
        var dice = Dice(state: seed)
        for _ in 0..<5000 {
            let page = (0..<Int.random(in: 1...3, using: &dice)).map { _ in mutated(&dice) }
            try check(policy, page)
        }
    }

    @Test("bytes without any sense")
    func noise() throws {
        let policy = try Shop.policy()
        var dice = Dice(state: 5)
        for _ in 0..<5000 {
            let count = Int.random(in: 0...80, using: &dice)
            try check(policy, [(0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) }])
        }
    }

    private func check(_ policy: LoaderPolicy, _ page: [[UInt8]]) throws {
        _ = LoaderPolicy.requiresIntegrity(page)
        switch policy.adapt(page) {
        case .blocked(let obstacle): #expect(obstacle == .sandboxed)
        case .unchanged(let tag): #expect(isClean(tag.html))
        case .rewritten(let lines, let tag):
            #expect(isClean(tag.html))
            #expect(lines.count == page.count && lines != page)
            for (before, after) in zip(page, lines) where before != after {
                // The list has as many policies as before, and no byte appears that could end the field line.
                #expect(before.count { $0 == UInt8(ascii: ",") } == after.count { $0 == UInt8(ascii: ",") })
                for byte in [0x00, 0x0A, 0x0D] as [UInt8] {
                    #expect(before.contains(byte) == after.contains(byte))
                }
            }
            #expect(policy.adapt(lines) == .unchanged(tag))
        }
    }

    /// Whether the attributes are exactly what HTML makes of them.
    private func isClean(_ html: String) -> Bool {
        let quotes = html.utf8.count { $0 == UInt8(ascii: "\"") }
        return !html.contains { "<>&'".contains($0) || !$0.isASCII }
            && quotes == 2 * html.utf8.count { $0 == UInt8(ascii: " ") }
    }

    private func mutated(_ dice: inout Dice) -> [UInt8] {
        var bytes = dice.one(of: Self.seeds)
        for _ in 0..<Int.random(in: 0...6, using: &dice) {
            let place = Int.random(in: 0...bytes.count, using: &dice)
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes.insert(contentsOf: dice.one(of: Self.pieces), at: place)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...9, using: &dice)))
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &dice), at: place)
            default: bytes.insert(contentsOf: dice.one(of: Self.seeds).suffix(30), at: place)
            }
        }
        return bytes
    }
}
