extension DeflateReader {
    /// Passes over the symbols of a block as fast as possible: most of a page is read by this loop alone.
    ///
    /// It stops before whatever needs a closer look, which ``readSymbol()`` then takes: the end of the block, a match
    /// that reaches back over `origin` (a position of the decoded data), something invalid, the last bytes arrived.
    mutating func walk(origin: Int) {
        // One turn reads one word: all of its bits have arrived.
        let lastTurn = input.count &- 8
        guard bit &>> 3 &+ 7 <= lastTurn else { return }
        if !hasWalkTable {
            // Not for a rest that is read sooner than the table is made.
            guard available >= Self.fewestBits else { return }
            walkTable.build(codeLengths, literals: literals, distances: distances)
            hasWalkTable = true
        }
        if position &- origin >= DeflateAlphabet.window, available >= Self.fewestBitsForTwoLanes {
            walkInTwoLanes()
            guard bit &>> 3 &+ 7 <= lastTurn else { return }
        }
        let bytes = UnsafeRawPointer(input.bytes)
        let entries = walkTable.entries
        let mask = UInt64(WalkTable.half &- 1)
        var position = position

        // `window` holds the next bits, `count` of them accounted for; more of them may be there, and are read again.
        var next = bit &>> 3 &+ 7
        var window = input.bits(at: bit)
        var count = 56 &- (bit & 7)
        var previous = WalkEntry(bits: 0)
        // How far the match may reach whose distance comes next. It does not count the entry before that one, which may
        // be the match's length; where it is another symbol, the limit is stricter than need be.
        // It never comes up to the distance of an exception.
        var reach = min(position &- origin, DeflateAlphabet.window)

        @inline(__always) func refill() {
            let word = UInt64(littleEndian: (bytes + next).loadUnaligned(as: UInt64.self))
            window |= word &<< UInt64(truncatingIfNeeded: count)
            next &+= (63 &- count) &>> 3
            count |= 56
        }
        // The index is within the table: 11 bits, and one for its half.
        @inline(__always) func step() -> Bool {
            let entry = entries[Int(truncatingIfNeeded: window & mask | previous.nextHalf)]
            if entry.distance > reach {
                let exactReach = previous.isDistanceNext ? reach : position &- origin
                guard !entry.isException, entry.distance(in: window) <= exactReach else { return false }
            }
            reach = min(position &- origin, DeflateAlphabet.window)
            window &>>= UInt64(truncatingIfNeeded: entry.word)
            count &-= entry.bits
            position &+= entry.length
            previous = entry
            return true
        }
        // An entry takes 24 bits at most: the 11 of an index, and 13 extra ones of a distance. So there are enough for
        // two and the index of the second within 56.
        repeat { refill() } while step() && step() && next <= lastTurn
        bit = next &* 8 &- count
        if previous.isDistanceNext {
            // A match is left as a whole.
            bit &-= previous.bits
            position &-= previous.length
        }
        self.position = position
    }

    private static let fewestBits = 1024
}
