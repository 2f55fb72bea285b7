extension DeflateReader {
    /// From so many bits on a second lane pays.
    static let fewestBitsForTwoLanes = 768 * 8
    /// How many places of the second lane are kept for the first one to come to.
    private static let mostPlaces = 48

    /// Passes over the symbols of a block from two of its bits at once, where no match reaches back over the tag.
    ///
    /// What a lane does next always waits for what it has just looked up; two of them wait together. The second begins
    /// in the middle of what has arrived, most likely within a symbol, and so what it reads is wrong at first. But a
    /// Huffman code falls into step after some dozens of symbols. Wherever the first lane comes to a bit at which the
    /// second one took a symbol to begin, all that the second has passed over from there on is what the first would
    /// have. Where it never does, the second lane was in vain, and nothing of it is used.
    ///
    /// Either lane stops before the end of a block, or before what has no code.
    mutating func walkInTwoLanes() {
        // A turn reads one word: all of its bits have arrived.
        let end = (input.count - 8) * 8
        let middle = bit + (end - bit) / 2
        withUnsafeTemporaryAllocation(of: WalkLane.self, capacity: Self.mostPlaces) { places in
            guard let places = places.baseAddress else { return }
            let course = WalkCourse(
                bytes: UnsafeRawPointer(input.bytes), entries: walkTable.entries, literals: literals.lookup,
                distances: distances.lookup)
            var first = WalkLane(bit: bit, position: position)
            var second = WalkLane(bit: middle, position: 0)
            var placeCount = 0
            while first.bit < middle, second.bit <= end {
                if placeCount < Self.mostPlaces {
                    (places + placeCount).initialize(to: second)
                    placeCount += second.isBetweenSymbols ? 1 : 0
                } else {
                    // Most is read here, where no function is called.
                    while first.bit < middle, second.bit <= end, first.turn(course), second.turn(course) {}
                }
                guard second.bit <= end, first.step(course), second.step(course) else { break }
            }
            second.leaveHalfMatch()
            var place = 0
            while place < placeCount, first.bit <= end {
                while place < placeCount, places[place].bit < first.bit { place += 1 }
                if place < placeCount, first.isBetweenSymbols, places[place].bit == first.bit {
                    first.position += second.position - places[place].position
                    first.bit = second.bit
                    break
                }
                guard first.step(course) else { break }
            }
            first.leaveHalfMatch()
            bit = first.bit
            position = first.position
        }
    }
}

/// What a ``WalkLane`` reads, by value: the compiler takes nothing of it for changed while a lane goes on.
struct WalkCourse {
    let bytes: UnsafeRawPointer
    let entries: UnsafeMutablePointer<WalkEntry>
    let literals: DecodeLookup
    let distances: DecodeLookup

    /// The entry for a code that is too long for the table, or an exception.
    func entryOutsideTable(_ window: UInt64, isDistance: Bool) -> WalkEntry {
        let entry = isDistance ? distances.entry(for: window) : literals.entry(for: window)
        if entry.isException { return .exception }
        if entry.isLiteral { return WalkEntry(bits: entry.bits, length: 1) }
        if isDistance { return WalkEntry(bits: entry.bits) }
        return WalkEntry.notHere.behind(length: WalkEntry(bits: entry.bits, length: entry.value(window)))
    }
}

/// A place that a walk has come to, and how it goes on from there.
struct WalkLane {
    var bit: Int
    var position: Int
    private var previous = WalkEntry(bits: 0)

    init(bit: Int, position: Int) {
        self.bit = bit
        self.position = position
    }

    /// Whether a literal or a length comes next, and not a distance.
    @inline(__always) var isBetweenSymbols: Bool { !previous.isDistanceNext }

    /// Passes over two entries of the table, which has one for the 11 bits of an index and the one for its half; `false`
    /// before what is not in it.
    ///
    /// There are 57 bits for the two, and each takes 24 at most: the 11 of an index, and 13 extra ones of a distance.
    @inline(__always) mutating func turn(_ course: WalkCourse) -> Bool {
        let window = window(course)
        let entry = entry(course, window)
        guard !entry.isException else { return false }
        take(entry)
        let second = self.entry(course, window &>> UInt64(truncatingIfNeeded: entry.word))
        guard !second.isException else { return false }
        take(second)
        return true
    }

    /// Passes over one entry, of the table or not; `false` before what must not be passed over.
    mutating func step(_ course: WalkCourse) -> Bool {
        let window = window(course)
        var entry = entry(course, window)
        if entry.isException { entry = course.entryOutsideTable(window, isDistance: previous.isDistanceNext) }
        guard !entry.isException else { return false }
        take(entry)
        return true
    }

    /// The next 57 bits or more.
    @inline(__always) private func window(_ course: WalkCourse) -> UInt64 {
        let word = (course.bytes + bit &>> 3).loadUnaligned(as: UInt64.self)
        return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit & 7)
    }

    @inline(__always) private func entry(_ course: WalkCourse, _ window: UInt64) -> WalkEntry {
        course.entries[Int(truncatingIfNeeded: window & UInt64(WalkTable.half &- 1) | previous.nextHalf)]
    }

    @inline(__always) private mutating func take(_ entry: WalkEntry) {
        bit &+= entry.bits
        position &+= entry.length
        previous = entry
    }

    /// Goes back to the start of a match of which only the length has been passed over.
    mutating func leaveHalfMatch() {
        guard previous.isDistanceNext else { return }
        bit &-= previous.bits
        position &-= previous.length
        previous = WalkEntry(bits: 0)
    }
}
