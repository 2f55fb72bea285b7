extension DeflateReader {
    /// Passes over the symbols of a block as fast as possible: most of a page is read by this loop alone.
    ///
    /// It stops before whatever needs a closer look, which ``readSymbol()`` then takes: the end of the block, a match
    /// that reaches back over `origin` (a position of the decoded data), something invalid, the last bytes arrived.
    mutating func walk(origin: Int) {
        // One turn reads at most two words, seven bytes apart: all of their bits have arrived.
        let lastTurn = input.count &- 16
        guard bit &>> 3 &+ 8 <= lastTurn else { return }
        let bytes = UnsafeRawPointer(input.bytes)
        let literals = literals.entries
        let distances = distances.entries
        let literalMask = UInt64(1) &<< UInt64(self.literals.primaryBits) &- 1
        let distanceMask = UInt64(1) &<< UInt64(self.distances.primaryBits) &- 1
        var position = position

        // `window` holds the next bits, `count` of them accounted for; more of them may be there, and are read again.
        var next = bit &>> 3 &+ 7
        var window = input.bits(at: bit)
        var count = 56 &- (bit & 7)
        var stop: Int?

        @inline(__always) func refill() {
            let word = UInt64(littleEndian: (bytes + next).loadUnaligned(as: UInt64.self))
            window |= word &<< UInt64(truncatingIfNeeded: count)
            next &+= (63 &- count) &>> 3
            count |= 56
        }
        @inline(__always) func drop(_ bits: Int) {
            window &>>= UInt64(truncatingIfNeeded: bits)
            count &-= bits
        }
        @inline(__always) func literal() -> DecodeEntry {
            literals[Int(truncatingIfNeeded: window & literalMask)]
        }

        while next <= lastTurn {
            refill()
            var entry = literal()
            // Three literals of 11 bits, or two and the 20 bits of a length, are within the 56 there are.
            if entry.isLiteral {
                drop(entry.bits)
                position &+= 1
                entry = literal()
                if entry.isLiteral {
                    drop(entry.bits)
                    position &+= 1
                    entry = literal()
                    if entry.isLiteral {
                        drop(entry.bits)
                        position &+= 1
                        continue
                    }
                }
            }
            let start = next &* 8 &- count
            if entry.isException {
                if entry.isLink { entry = self.literals.followed(entry, window) }
                if entry.isLiteral {
                    drop(entry.bits)
                    position &+= 1
                    continue
                }
                if entry.isException {
                    stop = start
                    break
                }
            }
            let length = entry.value(window)
            drop(entry.bits)
            refill()
            var distanceEntry = distances[Int(truncatingIfNeeded: window & distanceMask)]
            if distanceEntry.isLink { distanceEntry = self.distances.followed(distanceEntry, window) }
            // What reaches back over the start of the data does so over `origin` as well.
            guard !distanceEntry.isException, distanceEntry.value(window) <= position &- origin else {
                stop = start
                break
            }
            drop(distanceEntry.bits)
            position &+= length
        }
        bit = stop ?? (next &* 8 &- count)
        self.position = position
    }
}
