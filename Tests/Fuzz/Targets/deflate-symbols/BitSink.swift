import FuzzSupport

/// The ways to write a block (RFC 1951 §3.2.3).
enum BlockKind: CaseIterable {
    case stored
    case fixed
    /// With codes that have the block's own symbols and no others.
    case tight
    /// With codes that have all literals, too.
    case roomy
}

/// A deflate stream, written as naively as possible.
struct BitSink {
    private var bits: [Bool] = []

    /// What has been written, the last byte filled up.
    var bytes: [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start...].prefix(8).reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    /// A number, its lowest bit first.
    private mutating func put(_ value: Int, _ count: Int) {
        for bit in 0..<count { bits.append(value >> bit & 1 == 1) }
    }

    /// Writes a block of these symbols, which stand for these bytes.
    mutating func writeBlock(
        _ symbols: [Symbol], of bytes: ArraySlice<UInt8>, as kind: BlockKind, isFinal: Bool,
        _ random: inout InputRandom
    ) {
        if kind == .stored { return writeStored(bytes, isFinal: isFinal) }
        put(isFinal ? 1 : 0, 1)
        put(kind == .fixed ? 1 : 2, 2)
        let words = symbols.map { Words($0, &random) }
        let codes = kind == .fixed ? Codes.fixed : Codes(for: words, hasAllLiterals: kind == .roomy, &random)
        if kind != .fixed { write(codes) }
        for word in words {
            bits += codes.literals[word.literal]
            put(word.lengthExtra.value, word.lengthExtra.bits)
            guard let distance = word.distance else { continue }
            bits += codes.distances[distance]
            put(word.distanceExtra.value, word.distanceExtra.bits)
        }
        bits += codes.literals[256]
    }

    private mutating func writeStored(_ bytes: ArraySlice<UInt8>, isFinal: Bool) {
        var rest = bytes
        repeat {
            let piece = rest.prefix(65_535)
            rest = rest.dropFirst(65_535)
            put(isFinal && rest.isEmpty ? 1 : 0, 3)
            while bits.count % 8 != 0 { bits.append(false) }
            put(piece.count, 16)
            put(piece.count ^ 0xFFFF, 16)
            for byte in piece { put(Int(byte), 8) }
        } while !rest.isEmpty
    }

    /// The codes' lengths one by one (§3.2.7), in a code of which 13 symbols have four bits and six have five.
    private mutating func write(_ codes: Codes) {
        put(286 - 257, 5)
        put(30 - 1, 5)
        put(19 - 4, 4)
        let lengthLengths = (0..<19).map { $0 < 13 ? 4 : 5 }
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for symbol in order { put(lengthLengths[symbol], 3) }
        let lengthCodes = Codes.canonical(lengthLengths)
        for code in codes.literals.prefix(286) + codes.distances.prefix(30) { bits += lengthCodes[code.count] }
    }
}

/// A symbol as what is written for it: a literal or length symbol, a distance symbol, extra bits.
struct Words {
    var literal: Int
    var lengthExtra = (value: 0, bits: 0)
    var distance: Int?
    var distanceExtra = (value: 0, bits: 0)

    init(_ symbol: Symbol, _ random: inout InputRandom) {
        switch symbol {
        case .literal(let byte): literal = Int(byte)
        case .match(let length, let distance):
            // The first value of each symbol's range.
            let lengths = [
                3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
                227, 258,
            ]
            // 258 has a symbol of its own, and can be said with the one before as well.
            let isLong = length == 258 && Bool.random(using: &random)
            let index = isLong ? 27 : lengths.lastIndex { $0 <= length } ?? 0
            literal = 257 + index
            lengthExtra = (length - lengths[index], index < 8 || index == 28 ? 0 : index / 4 - 1)
            var first = 1
            var number = 0
            func extra(_ symbol: Int) -> Int { max(0, symbol / 2 - 1) }
            while first + 1 << extra(number) <= distance {
                first += 1 << extra(number)
                number += 1
            }
            self.distance = number
            distanceExtra = (distance - first, extra(number))
        }
    }
}
