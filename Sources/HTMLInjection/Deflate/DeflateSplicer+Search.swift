extension DeflateSplicer {
    /// How much is decoded before the finder looks at it: first the little in which most pages have their head.
    private static let firstStep = 64
    private static let decodingStep = 512

    /// Decodes what has arrived until the insertion point is known, and makes ready for writing.
    mutating func search() {
        guard let progress = findPoint() else {
            // A header without end, or empty blocks without end, decode to nothing.
            if reader.input.count > limits.heldBytes { outcome = .skipped(.prefixTooLong) }
            return
        }
        switch progress {
        case .needMore: break
        case .skip(let reason): outcome = .skipped(reason)
        case .insert(at: let point):
            outcome = .injected
            self.point = point
            reader.start(atByte: envelope.headerLength)
            // Whatever a match over the tag can need: all before it, and one match's length after it.
            decoded.reserveCapacity(point + 2 * DeflateAlphabet.longestMatch)
        }
    }

    /// The finder's answer, or `nil` if it takes more of the body.
    private mutating func findPoint() -> InsertionPointFinder.Progress? {
        if reader.bit == 0 {
            switch envelope.readHeader(reader.input) {
            case .done: reader.start(atByte: envelope.headerLength)
            case .needMore: return nil
            case .damaged: return .skip(.undecodable)
            }
        }
        while true {
            let known = decoded.count
            let step = decode(upTo: known + (known == 0 ? Self.firstStep : Self.decodingStep))
            if decoded.count > known {
                let progress = decoded.withUnsafeBytes { finder.scan(UnsafeRawBufferPointer(rebasing: $0[known...])) }
                if progress != .needMore { return progress }
            }
            if limits.isSuspicious(consumed: reader.bit / 8, decoded: decoded.count) { return .skip(.compressionRatio) }
            switch step {
            case .damaged: return .skip(.undecodable)
            case .needMore: return nil
            case .done: if decoded.count == known { return finder.finish() }
            }
        }
    }

    /// Decodes up to a length; nothing, when the stream is over.
    private mutating func decode(upTo end: Int) -> DeflateReader.Step {
        while decoded.count < end {
            switch reader.stage {
            case .blockHeader:
                let step = reader.readBlockHeader()
                guard step == .done else { return step }
            case .symbols:
                let symbol = reader.readSymbol()
                switch symbol {
                case .needMore: return .needMore
                case .damaged: return .damaged
                case .endOfBlock: reader.endBlock()
                case .literal, .match: record(symbol)
                }
            case .stored:
                let bytes = reader.takeStored(atMost: end - decoded.count)
                record(bytes)
                if reader.storedBytes == 0 { reader.endBlock() } else if bytes.isEmpty { return .needMore }
            case .trailer:
                // Held until it is whole: browsers show pages without one.
                return reader.available >= envelope.trailerLength * 8 ? .done : .needMore
            }
        }
        return .done
    }

    /// Appends what a symbol stands for to the decoded data, which goes up to that symbol.
    mutating func record(_ symbol: DeflateReader.Symbol) {
        switch symbol {
        case .literal(let byte): decoded.append(byte)
        case .match(let length, let distance):
            // The reader refused distances beyond the start. Byte by byte, as a match may repeat its own bytes.
            var source = decoded.count - distance
            for _ in 0..<length {
                decoded.append(decoded[source])
                source += 1
            }
        case .endOfBlock, .needMore, .damaged: break
        }
    }

    /// Appends bytes of a stored block to the decoded data.
    mutating func record(_ bytes: Range<Int>) {
        decoded += UnsafeBufferPointer(start: reader.input.bytes + bytes.lowerBound, count: bytes.count)
    }
}
