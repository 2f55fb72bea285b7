/// One entry of a ``DecodeTable``: what the next bits of the input mean, in one word.
///
/// Bits 0...5 are the number of bits taken by the code and its extra bits together, 8...11 that of the code alone,
/// 12...15 flags, 16...31 a literal's byte, the base of a length or distance, or the place of a second table.
struct DecodeEntry {
    var word: UInt32

    static let literalFlag: UInt32 = 0x8000
    /// Neither a literal nor a match: a link, the end of the block, or nothing valid.
    static let exceptionFlag: UInt32 = 0x4000
    static let endFlag: UInt32 = 0x2000
    static let linkFlag: UInt32 = 0x1000

    @inline(__always) init(word: UInt32) { self.word = word }

    init(base: Int, codeLength: Int, extraBits: Int = 0, flags: UInt32 = 0) {
        word = UInt32(base) << 16 | flags | UInt32(codeLength) << 8 | UInt32(codeLength + extraBits)
    }

    @inline(__always) var isLiteral: Bool { word & Self.literalFlag != 0 }
    @inline(__always) var isException: Bool { word & Self.exceptionFlag != 0 }
    @inline(__always) var isEnd: Bool { word & Self.endFlag != 0 }
    @inline(__always) var isLink: Bool { word & Self.linkFlag != 0 }
    @inline(__always) var base: Int { Int(truncatingIfNeeded: word &>> 16) }
    @inline(__always) var codeLength: Int { Int(truncatingIfNeeded: word &>> 8 & 15) }
    @inline(__always) var bits: Int { Int(truncatingIfNeeded: word & 63) }

    /// The base plus the extra bits that follow the code.
    @inline(__always) func value(_ input: UInt64) -> Int {
        let extra = input & (1 &<< UInt64(truncatingIfNeeded: bits) &- 1)
        return base &+ Int(truncatingIfNeeded: extra &>> UInt64(truncatingIfNeeded: codeLength))
    }
}

/// A ``DecodeTable`` without its ownership, for as long as that is not made anew.
struct DecodeLookup {
    let entries: UnsafeMutablePointer<DecodeEntry>
    let primaryBits: Int

    /// The entry for the next bits of the input.
    @inline(__always)
    func entry(for input: UInt64) -> DecodeEntry {
        let entry = entries[Int(truncatingIfNeeded: input & (1 &<< UInt64(truncatingIfNeeded: primaryBits) &- 1))]
        return entry.isLink ? followed(entry, input) : entry
    }

    @inline(__always)
    private func followed(_ link: DecodeEntry, _ input: UInt64) -> DecodeEntry {
        let index =
            (input &>> UInt64(truncatingIfNeeded: primaryBits))
            & (1 &<< UInt64(truncatingIfNeeded: link.codeLength) &- 1)
        return entries[link.base &+ Int(truncatingIfNeeded: index)]
    }
}

/// A Huffman code as a table to decode with: indexed by the next `primaryBits` bits of the input. The few codes that
/// are longer lead to a second table, indexed by the bits after those.
struct DecodeTable: ~Copyable {
    /// What a table's symbols are.
    enum Alphabet {
        /// Literals, the end of the block, and lengths.
        case literals
        case distances
        /// The code lengths of the two others (RFC 1951 §3.2.7).
        case codeLengths
    }

    let entries: UnsafeMutablePointer<DecodeEntry>
    let primaryBits: Int
    /// For each symbol that occurs its code, first bit lowest (§3.2.2).
    let codes: UnsafeMutablePointer<UInt16>
    private let alphabet: Alphabet
    private let sorted: UnsafeMutablePointer<UInt16>
    private static let longestCode = 15

    init(_ alphabet: Alphabet, primaryBits: Int) {
        self.alphabet = alphabet
        self.primaryBits = primaryBits
        // A second table belongs to an inner node of a complete code, so that at least two symbols share it.
        let secondTables =
            switch alphabet {
            case .literals: DeflateAlphabet.literalCount / 2
            case .distances: DeflateAlphabet.distanceCount / 2
            case .codeLengths: 0  // they have at most 7 bits
            }
        entries = .allocate(capacity: 1 << primaryBits + secondTables << (Self.longestCode - primaryBits))
        sorted = .allocate(capacity: DeflateAlphabet.literalCount)
        codes = .allocate(capacity: DeflateAlphabet.literalCount)
        codes.initialize(repeating: 0, count: DeflateAlphabet.literalCount)
    }

    deinit {
        entries.deallocate()
        sorted.deallocate()
        codes.deallocate()
    }

    /// What looks up in it.
    var lookup: DecodeLookup { DecodeLookup(entries: entries, primaryBits: primaryBits) }

    /// The entry for the next bits of the input.
    @inline(__always) func entry(for input: UInt64) -> DecodeEntry { lookup.entry(for: input) }

    /// Makes the table of the canonical code with these lengths (§3.2.2), 0...15 for each symbol. `false` when there
    /// is no such code, judged as zlib does: a code must be complete, but for one symbol with one bit, and a block may
    /// have no distances at all.
    func build(_ lengths: UnsafePointer<UInt8>, count: Int) -> Bool {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.longestCode + 2) { starts in
            starts.initialize(repeating: 0)
            for symbol in 0..<count { starts[Int(lengths[symbol]) + 1] += 1 }
            starts[1] = 0  // symbols that do not occur
            guard let longest = longestLength(starts) else { return false }
            for length in 1...Self.longestCode { starts[length + 1] += starts[length] }
            let used = starts[Self.longestCode + 1]
            for symbol in 0..<count where lengths[symbol] > 0 {
                let length = Int(lengths[symbol])
                sorted[starts[length]] = UInt16(symbol)
                starts[length] += 1
            }
            fill(lengths, used: used, longest: longest)
            return true
        }
    }

    /// The longest length in use, when the numbers of symbols of each length (from index 2 on) make a code.
    private func longestLength(_ counts: UnsafeMutableBufferPointer<Int>) -> Int? {
        var open = 1
        var longest = 0
        for length in 1...Self.longestCode {
            open = open * 2 - counts[length + 1]
            guard open >= 0 else { return nil }
            if counts[length + 1] > 0 { longest = length }
        }
        guard open > 0 else { return longest }
        switch alphabet {
        case .codeLengths: return nil
        case .literals: return longest == 1 ? longest : nil
        case .distances: return longest <= 1 ? longest : nil
        }
    }

    /// Writes the entries in the order of their codes. Codes are read from their first bit, which is the lowest of an
    /// index: a table for codes up to a length becomes one for the next length by repeating it.
    private func fill(_ lengths: UnsafePointer<UInt8>, used: Int, longest: Int) {
        var size = 2
        // What an incomplete code leaves open.
        entries.initialize(repeating: DecodeEntry(base: 0, codeLength: 1, flags: DecodeEntry.exceptionFlag), count: 2)
        func double(to length: Int) {
            while size < 1 << length {
                (entries + size).initialize(from: entries, count: size)
                size *= 2
            }
        }
        var code = 0
        var index = 0
        while index < used, lengths[Int(sorted[index])] <= primaryBits {
            let symbol = Int(sorted[index])
            let length = Int(lengths[symbol])
            double(to: length)
            entries[code] = entry(symbol, codeLength: length)
            codes[symbol] = UInt16(truncatingIfNeeded: code)
            code = Self.next(code, length)
            index += 1
        }
        double(to: primaryBits)
        var link = -1
        var table = size
        let secondBits = longest - primaryBits
        while index < used {
            let symbol = Int(sorted[index])
            let length = Int(lengths[symbol])
            if link != code & (size - 1) {
                if link >= 0 { table += 1 << secondBits }
                link = code & (size - 1)
                entries[link] = DecodeEntry(
                    base: table, codeLength: secondBits, flags: DecodeEntry.exceptionFlag | DecodeEntry.linkFlag)
            }
            let found = entry(symbol, codeLength: length)
            for place in stride(from: code >> primaryBits, to: 1 << secondBits, by: 1 << (length - primaryBits)) {
                entries[table + place] = found
            }
            codes[symbol] = UInt16(truncatingIfNeeded: code)
            code = Self.next(code, length)
            index += 1
        }
    }

    /// The code after another of the same length, both with their first bit lowest.
    static func next(_ code: Int, _ length: Int) -> Int {
        var bit = 1 << (length - 1)
        while code & bit != 0 { bit >>= 1 }
        return bit == 0 ? 0 : code & (bit - 1) | bit
    }

    private func entry(_ symbol: Int, codeLength: Int) -> DecodeEntry {
        let invalid = DecodeEntry(base: 0, codeLength: codeLength, flags: DecodeEntry.exceptionFlag)
        switch alphabet {
        case .codeLengths:
            let extraBits = symbol < 16 ? 0 : [2, 3, 7][symbol - 16]
            return DecodeEntry(base: symbol, codeLength: codeLength, extraBits: extraBits)
        case .distances:
            guard let range = DeflateAlphabet.distances(symbol) else { return invalid }
            return DecodeEntry(base: range.base, codeLength: codeLength, extraBits: range.extraBits)
        case .literals:
            if symbol < DeflateAlphabet.endOfBlock {
                return DecodeEntry(base: symbol, codeLength: codeLength, flags: DecodeEntry.literalFlag)
            }
            if symbol == DeflateAlphabet.endOfBlock {
                return DecodeEntry(
                    base: 0, codeLength: codeLength, flags: DecodeEntry.exceptionFlag | DecodeEntry.endFlag)
            }
            guard let range = DeflateAlphabet.lengths(symbol) else { return invalid }
            return DecodeEntry(base: range.base, codeLength: codeLength, extraBits: range.extraBits)
        }
    }
}
