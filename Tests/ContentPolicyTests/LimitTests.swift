import ContentPolicy
import Testing

@Suite("Bounds") struct LimitTests {
    private func padded(_ policy: String, to count: Int) -> [UInt8] {
        Array(policy.utf8) + Array(repeating: UInt8(ascii: " "), count: count - policy.utf8.count)
    }

    @Test("what is looked at is bounded, all lines together")
    func tooLong() throws {
        let policy = try Shop.policy()
        let whole = padded("script-src 'self'", to: LoaderPolicy.limit)
        #expect(Seen(policy.adapt([whole])) == Seen(policies: nil, tag: ""))
        #expect(Seen(policy.adapt([whole + [0x20]])) == Seen(obstacle: .tooLong))
        #expect(Seen(policy.adapt([whole, [0x20]])) == Seen(obstacle: .tooLong))
    }

    @Test("what is made is bounded too")
    func growth() throws {
        let policy = try Shop.policy()
        #expect(Seen(policy.adapt([padded("script-src x", to: LoaderPolicy.limit)])) == Seen(obstacle: .tooLong))
        let many = Array(repeating: "default-src", count: 5000).joined(separator: ",")
        #expect(Seen(policy.adapt(lines(many))) == Seen(obstacle: .tooLong))
    }

    @Test("many directives, sources, nonces and policies of the greatest length are no trouble")
    func crowds() throws {
        let policy = try Shop.policy()
        func fill(_ start: String, _ piece: (Int) -> String) -> [UInt8] {
            var text = start
            for number in 0... {
                text += piece(number)
                if text.utf8.count > 60_000 { break }
            }
            return Array(text.utf8)
        }
        let crowds = [
            fill("script-src") { " https://host\($0).example:\($0)/a/b/c" }, fill("script-src") { " 'nonce-\($0)'" },
            fill("") { "script-src 'nonce-\($0)'," }, fill("") { "script-src 'nonce-a' 'nonce-\($0)'," },
            fill("") { "default-src x\($0);" }, fill("script-src shop.example") { _ in "/%41" },
        ]
        for crowd in crowds {
            switch policy.adapt([crowd]) {
            case .unchanged(let tag): #expect(tag.nonce != nil)
            case .rewritten(let lines, _): #expect(lines[0].count > crowd.count)
            case .blocked(let obstacle): #expect(obstacle == .tooLong)
            }
        }
    }
}
