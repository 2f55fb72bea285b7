/// The codes of a block to write with: for each symbol its code, first bit lowest, and its length. A length of zero
/// means that the block has no such symbol.
struct DeflateCode {
    private struct Code {
        var bits: UInt64 = 0
        var count = 0
    }

    /// A part of the decoded data, to be written as a match or as literals.
    struct Piece {
        var length: Int
        var distance: Int
        /// Where the bytes are in the decoded data.
        var content: Range<Int>
    }

    private var codes: [Code]

    /// The canonical codes (RFC 1951 §3.2.2) of the lengths that a ``DeflateReader`` keeps.
    init(_ lengths: UnsafeBufferPointer<UInt8>) {
        codes = lengths.map { Code(bits: 0, count: Int($0)) }
        assign(0..<DeflateAlphabet.literalCount)
        assign(DeflateAlphabet.literalCount..<codes.count)
    }

    /// The codes of blocks with fixed codes (§3.2.6).
    static let fixed: DeflateCode = {
        let literals = (0..<DeflateAlphabet.literalCount).map(DeflateAlphabet.fixedLength)
        let lengths = literals + Array(repeating: 5, count: DeflateAlphabet.distanceCount)
        return lengths.withUnsafeBufferPointer { DeflateCode($0) }
    }()

    private mutating func assign(_ symbols: Range<Int>) {
        var counts = [Int](repeating: 0, count: 16)
        for symbol in symbols { counts[codes[symbol].count] += 1 }
        counts[0] = 0
        // The next code of each length: the first one follows from the codes that are shorter.
        var next = [Int](repeating: 0, count: 16)
        var first = 0
        for length in 1...15 {
            first = (first + counts[length - 1]) * 2
            for bit in 0..<length where first >> bit & 1 == 1 { next[length] |= 1 << (length - 1 - bit) }
        }
        for symbol in symbols where codes[symbol].count > 0 {
            let length = codes[symbol].count
            codes[symbol].bits = UInt64(next[length])
            next[length] = DecodeTable.next(next[length], length)
        }
    }

    func writeEndOfBlock(to writer: inout BitWriter) {
        let code = codes[DeflateAlphabet.endOfBlock]
        writer.put(code.bits, bits: code.count)
    }

    func writeLiteral(_ byte: UInt8, to writer: inout BitWriter) {
        let code = codes[Int(byte)]
        writer.put(code.bits, bits: code.count)
    }

    /// Writes a piece as a match if the code can, or else as literals. Only for pieces that have a ``cost(_:_:)``.
    func write(_ piece: Piece, of data: [UInt8], to writer: inout BitWriter) {
        if let match = match(piece) {
            writer.put(match.bits, bits: match.count)
        } else {
            for byte in data[piece.content] { writeLiteral(byte, to: &writer) }
        }
    }

    /// The number of bits that a piece takes; `nil` when the code lacks a symbol that it needs.
    func cost(_ piece: Piece, of data: [UInt8]) -> Int? {
        if let match = match(piece) { return match.count }
        var cost = 0
        for byte in data[piece.content] {
            let count = codes[Int(byte)].count
            guard count > 0 else { return nil }
            cost += count
        }
        return cost
    }

    /// A length and a distance with their extra bits: at most 48 bits.
    private func match(_ piece: Piece) -> Code? {
        guard piece.length >= DeflateAlphabet.shortestMatch, piece.distance <= DeflateAlphabet.window else {
            return nil
        }
        let lengthSymbol = DeflateAlphabet.symbol(length: piece.length)
        let distanceSymbol = DeflateAlphabet.symbol(distance: piece.distance)
        guard let lengths = DeflateAlphabet.lengths(lengthSymbol),
            let distances = DeflateAlphabet.distances(distanceSymbol)
        else { return nil }
        let lengthCode = codes[lengthSymbol]
        let distanceCode = codes[DeflateAlphabet.literalCount + distanceSymbol]
        guard lengthCode.count > 0, distanceCode.count > 0 else { return nil }
        var code = lengthCode
        func add(_ bits: UInt64, _ count: Int) {
            code.bits |= bits << UInt64(code.count)
            code.count += count
        }
        add(UInt64(piece.length - lengths.base), lengths.extraBits)
        add(distanceCode.bits, distanceCode.count)
        add(UInt64(piece.distance - distances.base), distances.extraBits)
        return code
    }
}
