/// The symbols of deflate and what they stand for (RFC 1951 §3.2.5).
///
/// Both the match lengths and the distances are written as a symbol for a range and some extra bits for the place in
/// it; the ranges double in width every four (lengths) or two (distances) symbols, so that a formula does for a table.
enum DeflateAlphabet {
    static let endOfBlock = 256
    static let firstLength = 257
    static let shortestMatch = 3
    static let longestMatch = 258
    /// How far a match can reach back.
    static let window = 32768
    /// The places kept for literal/length symbols, the two that never occur included, and for distance symbols.
    static let literalCount = 288
    static let distanceCount = 32

    /// A range of values: its first, and how many extra bits tell which of them is meant.
    struct Range {
        var base: Int
        var extraBits: Int
    }

    /// The lengths that a literal/length symbol from 257 on stands for; `nil` for the two that never occur.
    static func lengths(_ symbol: Int) -> Range? {
        let index = symbol - firstLength
        switch index {
        case 0..<8: return Range(base: shortestMatch + index, extraBits: 0)
        case 8..<28:
            let extraBits = index / 4 - 1
            return Range(base: shortestMatch + (4 + index % 4) << extraBits, extraBits: extraBits)
        case 28: return Range(base: longestMatch, extraBits: 0)
        default: return nil
        }
    }

    /// The distances that a distance symbol stands for; `nil` for the two that never occur.
    static func distances(_ symbol: Int) -> Range? {
        switch symbol {
        case 0..<4: return Range(base: 1 + symbol, extraBits: 0)
        case 4..<30:
            let extraBits = symbol / 2 - 1
            return Range(base: 1 + (2 + symbol % 2) << extraBits, extraBits: extraBits)
        default: return nil
        }
    }

    /// The symbol for a match length, 3...258.
    static func symbol(length: Int) -> Int {
        let offset = length - shortestMatch
        if length == longestMatch { return firstLength + 28 }
        if offset < 8 { return firstLength + offset }
        let extraBits = log2(offset) - 2
        return firstLength + (extraBits + 1) * 4 + (offset >> extraBits) % 4
    }

    /// The symbol for a distance, 1...32768.
    static func symbol(distance: Int) -> Int {
        let offset = distance - 1
        if offset < 4 { return offset }
        let extraBits = log2(offset) - 1
        return (extraBits + 1) * 2 + (offset >> extraBits) % 2
    }

    private static func log2(_ value: Int) -> Int { Int.bitWidth - 1 - value.leadingZeroBitCount }

    /// The code length of a literal/length symbol in blocks with fixed codes (§3.2.6). Distances have 5 bits.
    static func fixedLength(_ symbol: Int) -> UInt8 {
        switch symbol {
        case ..<144: 8
        case ..<256: 9
        case ..<280: 7
        default: 8
        }
    }
}
