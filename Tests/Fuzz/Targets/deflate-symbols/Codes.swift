import FuzzSupport

/// A block's two codes: the bits of each symbol, none for one that does not occur.
struct Codes {
    let literals: [[Bool]]
    let distances: [[Bool]]

    private init(_ literals: [Int], _ distances: [Int]) {
        self.literals = Self.canonical(literals)
        self.distances = Self.canonical(distances)
    }

    /// RFC 1951 §3.2.6.
    static let fixed = Codes(
        (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }, Array(repeating: 5, count: 30))

    /// Codes of any shape that have the symbols.
    init(for words: [Words], hasAllLiterals: Bool, _ random: inout InputRandom) {
        var literals = Set(words.map(\.literal) + [256])
        if hasAllLiterals { literals.formUnion(0..<256) }
        self.init(
            Self.lengths(literals.sorted(), of: 286, &random),
            Self.lengths(Set(words.compactMap(\.distance)).sorted(), of: 30, &random))
    }

    /// Lengths of a complete code; of a single symbol, one bit.
    private static func lengths(_ symbols: [Int], of count: Int, _ random: inout InputRandom) -> [Int] {
        var lengths = Array(repeating: 0, count: count)
        func split(_ symbols: ArraySlice<Int>, depth: Int) {
            if symbols.count == 1, let symbol = symbols.first { return lengths[symbol] = max(1, depth) }
            if symbols.isEmpty { return }
            // No half may have more symbols than fit below it in 15 bits.
            let room = 1 << (14 - depth)
            let half = Int.random(in: max(1, symbols.count - room)...min(room, symbols.count - 1), using: &random)
            split(symbols.prefix(half), depth: depth + 1)
            split(symbols.dropFirst(half), depth: depth + 1)
        }
        split(symbols.shuffled(using: &random)[...], depth: 0)
        return lengths
    }

    /// The canonical code of these lengths (§3.2.2).
    static func canonical(_ lengths: [Int]) -> [[Bool]] {
        var codes = Array(repeating: [Bool](), count: lengths.count)
        var code = 0
        for length in 1...15 {
            code <<= 1
            for symbol in lengths.indices where lengths[symbol] == length {
                codes[symbol] = (0..<length).reversed().map { code >> $0 & 1 == 1 }
                code += 1
            }
        }
        return codes
    }
}
