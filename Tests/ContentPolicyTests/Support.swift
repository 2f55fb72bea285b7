import ContentPolicy
import Testing

/// The domain that the tables are written for, and the short names of its addresses in them.
enum Shop {
    static let origin = "https://shop.example"
    static let loader = "https://shop.example/crossdomain/loader.js"
    static let endpoint = "https://shop.example/crossdomain"
    static let primary = "https://club.example/crossdomain"
    static let hash = "sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc="

    static func policy(origin: String = Shop.origin, primary: String? = Shop.primary) throws -> LoaderPolicy {
        try #require(LoaderPolicy(origin: origin, primaryEndpoint: primary, loaderHash: hash))
    }

    /// `{L}` loader, `{E}` own endpoint, `{P}` primary's endpoint, `{H}` the loader's hash.
    static func expand(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            switch rest[brace...].prefix(3) {
            case "{L}": result += loader
            case "{E}": result += endpoint
            case "{P}": result += primary
            case "{H}": result += hash
            default:
                result += "{"
                rest = rest[brace...].dropFirst()
                continue
            }
            rest = rest[brace...].dropFirst(3)
        }
        return result + rest
    }
}

/// One row: a page's policies, a line each, and what becomes of them.
struct Row: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        case same, becomes(String), blocked(Adaptation.Obstacle)
    }

    let reason: String
    let policies: String
    let outcome: Outcome
    /// The tag's attributes as HTML, with the short names.
    let tag: String

    init(_ reason: String, _ policies: String, _ outcome: Outcome = .same, tag: String = "") {
        (self.reason, self.policies, self.outcome, self.tag) = (reason, policies, outcome, tag)
    }

    var testDescription: String { reason }

    func check(origin: String = Shop.origin, primary: String? = Shop.primary) throws {
        let found = Seen(try Shop.policy(origin: origin, primary: primary).adapt(lines(Shop.expand(policies))))
        switch outcome {
        case .same: #expect(found == Seen(policies: nil, tag: Shop.expand(tag)))
        case .becomes(let expected):
            #expect(found == Seen(policies: Shop.expand(expected), tag: Shop.expand(tag)))
        case .blocked(let obstacle): #expect(found == Seen(obstacle: obstacle))
        }
    }
}

/// An adaptation as the tables write it.
struct Seen: Equatable {
    var policies: String?
    var tag = ""
    var obstacle: Adaptation.Obstacle?

    init(policies: String?, tag: String) { (self.policies, self.tag) = (policies, tag) }
    init(obstacle: Adaptation.Obstacle) { self.obstacle = obstacle }

    init(_ adaptation: Adaptation) {
        switch adaptation {
        case .unchanged(let attributes): tag = attributes.html
        case .rewritten(let lines, let attributes):
            (policies, tag) = (text(lines), attributes.html)
        case .blocked(let obstacle): self.obstacle = obstacle
        }
    }
}

func lines(_ text: String) -> [[UInt8]] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8) }
}

func text(_ lines: [[UInt8]]) -> String { lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") }

/// A generator whose runs can be repeated (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func one<T>(of choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }
    mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
