/// One entry of a ``WalkTable``: how far the next bits of the input lead, in one word.
///
/// Bits 0...5 are the number of bits taken, extra bits included, 6 tells that a distance comes next, 7...15 are the
/// length that is added to the decoded data, 16...31 the greatest distance that can be meant, 0 where there is none.
struct WalkEntry {
    var word: UInt32

    private static let distanceFollows: UInt32 = 1 << 6
    /// Greater than any distance: nothing to be passed over.
    private static let exceptional: UInt32 = 0xC000

    @inline(__always) init(word: UInt32) { self.word = word }

    /// What is left to the second half of the table.
    static let notHere = WalkEntry(word: distanceFollows)
    static let exception = WalkEntry(word: exceptional << 16)

    init(bits: Int, length: Int = 0, distance: Int = 0) {
        word = UInt32(truncatingIfNeeded: bits | length << 7 | distance << 16)
    }

    @inline(__always) var bits: Int { Int(truncatingIfNeeded: word & 63) }
    @inline(__always) var length: Int { Int(truncatingIfNeeded: word &>> 7 & 511) }
    @inline(__always) var distance: Int { Int(truncatingIfNeeded: word &>> 16) }
    @inline(__always) var isDistanceNext: Bool { word & Self.distanceFollows != 0 }
    @inline(__always) var isException: Bool { word &>> 16 >= Self.exceptional }
    /// Where the half of the table for the next bits begins.
    @inline(__always) var nextHalf: UInt64 { UInt64(word & Self.distanceFollows) &<< UInt64(WalkTable.indexBits - 6) }

    /// A match's length, with the distance if that is in the index as well.
    @inline(__always) func behind(length: WalkEntry) -> WalkEntry { WalkEntry(word: word &+ length.word) }

    /// The same in the second half of the table: what is not here is nowhere.
    @inline(__always) var inSecondHalf: WalkEntry {
        let flag = word & Self.distanceFollows
        return WalkEntry(word: word | flag &<< 24 | flag &<< 25)
    }

    /// The distance that the input says, whose last bits are the extra ones. Every range but the first four, which are
    /// single distances, is as wide as the extra bits can count, and two of a width follow each other.
    @inline(__always) func distance(in input: UInt64) -> Int {
        let last = UInt64(truncatingIfNeeded: distance &- 1)
        guard last >= 4 else { return distance }
        let extraBits = 62 &- last.leadingZeroBitCount
        let mask = UInt64(1) &<< UInt64(truncatingIfNeeded: extraBits) &- 1
        let extra = input &>> UInt64(truncatingIfNeeded: bits &- extraBits) & mask
        return distance &- Int(truncatingIfNeeded: mask &- extra)
    }
}

/// The codes of a block as a table to pass over symbols with, without a branch for what they are.
///
/// The first half is for literals and lengths, the second for distances. A length and the code of its distance most
/// often fit into one index together, so that a whole match is one entry; and where they do not, the entry for the
/// length says that the next index is one of the second half.
struct WalkTable: ~Copyable {
    static let indexBits = 11
    static let half = 1 << indexBits

    let entries: UnsafeMutablePointer<WalkEntry>

    init() { entries = .allocate(capacity: 2 * Self.half) }

    deinit { entries.deallocate() }

    /// Makes the table of two codes that ``DecodeTable/build(_:count:)`` has found right.
    ///
    /// - Parameter lengths: those that a ``DeflateReader`` keeps.
    func build(_ lengths: UnsafePointer<UInt8>, literals: borrowing DecodeTable, distances: borrowing DecodeTable) {
        withUnsafeTemporaryAllocation(of: WalkEntry.self, capacity: Self.half) { stages in
            guard let stages = stages.baseAddress else { return }
            stage(lengths + DeflateAlphabet.literalCount, distances.codes, in: stages)
            // What has a longer code, or none, and the end of the block.
            entries.initialize(repeating: .exception, count: Self.half)
            for symbol in 0..<DeflateAlphabet.endOfBlock {
                let count = Int(lengths[symbol])
                guard 1...Self.indexBits ~= count else { continue }
                let entry = WalkEntry(bits: count, length: 1)
                var index = Int(literals.codes[symbol])
                while index < Self.half {
                    entries[index] = entry
                    index &+= 1 &<< count
                }
            }
            for symbol in DeflateAlphabet.firstLength..<DeflateAlphabet.literalCount where lengths[symbol] > 0 {
                guard let range = DeflateAlphabet.lengths(symbol) else { continue }
                fill(range, code: Int(literals.codes[symbol]), count: Int(lengths[symbol]), stages)
            }
        }
    }

    /// Writes the entries of a length, each with all distances that may follow it.
    private func fill(
        _ range: DeflateAlphabet.Range, code: Int, count: Int, _ stages: UnsafeMutablePointer<WalkEntry>
    ) {
        let bits = count + range.extraBits
        guard bits <= Self.indexBits else { return }
        let rest = 1 << (Self.indexBits - bits)
        for extra in 0..<1 << range.extraBits {
            let length = WalkEntry(bits: bits, length: range.base + extra)
            let target = entries + (code | extra << count)
            let source = stages + rest
            for index in 0..<rest { target[index &<< bits] = source[index].behind(length: length) }
        }
    }

    /// Makes the tables of the distances for 0...10 bits, each as far from the start as it is long, and from the last of
    /// them the second half.
    private func stage(
        _ lengths: UnsafePointer<UInt8>, _ codes: UnsafePointer<UInt16>, in stages: UnsafeMutablePointer<WalkEntry>
    ) {
        // The word before the table of one entry is not used.
        stages.initialize(repeating: .notHere, count: 2)
        for count in 1..<Self.indexBits {
            let size = 1 << count
            let table = stages + size
            table.initialize(from: stages + size / 2, count: size / 2)
            (table + size / 2).initialize(from: stages + size / 2, count: size / 2)
            for symbol in 0..<DeflateAlphabet.distanceCount where Int(lengths[symbol]) == count {
                guard let range = DeflateAlphabet.distances(symbol) else { continue }
                table[Int(codes[symbol])] = WalkEntry(
                    bits: count + range.extraBits, distance: range.base + (1 << range.extraBits) - 1)
            }
        }
        let longest = stages + Self.half / 2
        for index in 0..<Self.half / 2 {
            let entry = longest[index].inSecondHalf
            entries[Self.half + index] = entry
            entries[Self.half + Self.half / 2 + index] = entry
        }
    }
}
