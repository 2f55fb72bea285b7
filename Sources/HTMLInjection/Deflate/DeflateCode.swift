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

    /// For each symbol its code, and in the lowest four bits the length of that.
    private let codes: [UInt32]

    /// The codes that a ``DeflateReader`` has found when it made its tables.
    init(_ lengths: UnsafePointer<UInt8>, literals: borrowing DecodeTable, distances: borrowing DecodeTable) {
        let literalCodes = literals.codes
        let distanceCodes = distances.codes
        codes = Array(unsafeUninitializedCapacity: DeflateReader.codeCount) { codes, count in
            func add(_ symbols: Int, _ found: UnsafePointer<UInt16>) {
                for symbol in 0..<symbols {
                    let length = UInt32(lengths[count])
                    codes.initializeElement(at: count, to: length == 0 ? 0 : UInt32(found[symbol]) << 4 | length)
                    count += 1
                }
            }
            add(DeflateAlphabet.literalCount, literalCodes)
            add(DeflateAlphabet.distanceCount, distanceCodes)
        }
    }

    /// The codes of blocks with fixed codes (§3.2.6).
    static let fixed: DeflateCode = {
        var reader = DeflateReader()
        reader.buildFixedTables()
        return DeflateCode(reader.codeLengths, literals: reader.literals, distances: reader.distances)
    }()

    private func code(_ symbol: Int) -> Code {
        let word = codes[symbol]
        return Code(bits: UInt64(word >> 4), count: Int(word & 15))
    }

    func writeEndOfBlock(to writer: inout BitWriter) {
        let code = code(DeflateAlphabet.endOfBlock)
        writer.put(code.bits, bits: code.count)
    }

    func writeLiteral(_ byte: UInt8, to writer: inout BitWriter) {
        let code = code(Int(byte))
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
            let count = code(Int(byte)).count
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
        let lengthCode = code(lengthSymbol)
        let distanceCode = code(DeflateAlphabet.literalCount + distanceSymbol)
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
