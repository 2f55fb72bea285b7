extension DeflateReader {
    /// Reads the header of a block with its codes (RFC 1951 §3.2.3 to §3.2.7), or the length of a stored one.
    ///
    /// It is read as a whole: while a part is missing nothing is taken, and the next call begins anew.
    mutating func readBlockHeader() -> Step {
        guard available >= 3 else { return .needMore }
        let bits = input.bits(at: bit)
        isFinal = bits & 1 == 1
        headerStart = bit
        switch bits >> 1 & 3 {
        case 0: return readStoredHeader()
        case 1:
            kind = .fixed
            bit += 3
            stage = .symbols
            buildFixedTables()
            return .done
        case 2: return readDynamicHeader()
        default: return .damaged
        }
    }

    /// Padding to the next byte, the length, and its complement (§3.2.4).
    private mutating func readStoredHeader() -> Step {
        let start = (bit + 3 + 7) & ~7
        guard start + 32 <= input.bitCount else { return .needMore }
        let bits = input.bits(at: start)
        guard bits & 0xFFFF == ~bits >> 16 & 0xFFFF else { return .damaged }
        kind = .stored
        storedBytes = Int(bits & 0xFFFF)
        bit = start + 32
        stage = .stored
        return .done
    }

    /// The codes of blocks with fixed codes (§3.2.6).
    mutating func buildFixedTables() {
        guard !hasFixedTables else { return }
        dynamicHeader = nil
        for symbol in 0..<DeflateAlphabet.literalCount {
            codeLengths[symbol] = DeflateAlphabet.fixedLength(symbol)
        }
        (codeLengths + DeflateAlphabet.literalCount).update(repeating: 5, count: DeflateAlphabet.distanceCount)
        hasFixedTables = buildTables()
    }

    private mutating func readDynamicHeader() -> Step {
        if let known = dynamicHeader, known.lowerBound == bit {
            kind = .dynamic
            bit = known.upperBound
            stage = .symbols
            return .done
        }
        guard available >= 17 else { return .needMore }
        let counts = input.bits(at: bit + 3)
        let literalCount = Int(counts & 31) + 257
        let distanceCount = Int(counts >> 5 & 31) + 1
        let lengthCount = Int(counts >> 10 & 15) + 4
        guard literalCount <= 286, distanceCount <= 30 else { return .damaged }
        guard available >= 17 + 3 * lengthCount else { return .needMore }
        guard buildLengthCodes(at: bit + 17, count: lengthCount) else { return .damaged }
        var end = bit + 17 + 3 * lengthCount
        let total = literalCount + distanceCount
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: total) { lengths in
            let step = readCodeLengths(into: lengths, at: &end)
            guard step == .done else { return step }
            hasFixedTables = false
            dynamicHeader = nil
            codeLengths.update(repeating: 0, count: Self.codeCount)
            for index in 0..<literalCount { codeLengths[index] = lengths[index] }
            for index in 0..<distanceCount {
                codeLengths[DeflateAlphabet.literalCount + index] = lengths[literalCount + index]
            }
            guard codeLengths[DeflateAlphabet.endOfBlock] > 0, buildTables() else { return .damaged }
            kind = .dynamic
            dynamicHeader = bit..<end
            bit = end
            stage = .symbols
            return .done
        }
    }

    /// The code of the code lengths themselves: three bits each, in an order of their own.
    private func buildLengthCodes(at start: Int, count: Int) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 19) { lengths in
            lengths.initialize(repeating: 0)
            let order: [UInt8] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
            for index in 0..<count {
                lengths[Int(order[index])] = UInt8(input.bits(at: start + 3 * index) & 7)
            }
            guard let base = lengths.baseAddress else { return false }
            return lengthCodes.build(base, count: 19)
        }
    }

    /// The code lengths, some of them as repetitions.
    private func readCodeLengths(into lengths: UnsafeMutableBufferPointer<UInt8>, at bit: inout Int) -> Step {
        lengths.initialize(repeating: 0)
        var index = 0
        while index < lengths.count {
            let bits = input.bits(at: bit)
            let entry = lengthCodes.entry(for: bits)
            guard bit + entry.bits <= input.bitCount else { return .needMore }
            bit += entry.bits
            let symbol = entry.base
            guard symbol >= 16 else {
                lengths[index] = UInt8(truncatingIfNeeded: symbol)
                index += 1
                continue
            }
            // 16: the length before, 3 to 6 times; 17 and 18: zero, 3 to 10 or 11 to 138 times.
            let repetitions = entry.value(bits) - symbol + (symbol == 18 ? 11 : 3)
            guard symbol > 16 || index > 0, index + repetitions <= lengths.count else { return .damaged }
            let repeated = symbol == 16 ? lengths[index - 1] : 0
            for _ in 0..<repetitions {
                lengths[index] = repeated
                index += 1
            }
        }
        return .done
    }

    private mutating func buildTables() -> Bool {
        hasWalkTable = false
        return literals.build(codeLengths, count: DeflateAlphabet.literalCount)
            && distances.build(codeLengths + DeflateAlphabet.literalCount, count: DeflateAlphabet.distanceCount)
    }
}
