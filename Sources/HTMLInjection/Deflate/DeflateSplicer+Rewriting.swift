extension DeflateSplicer {
    /// Goes on through the stream as far as it has arrived, and writes it with the tag.
    mutating func rewrite() -> DeflateReader.Step {
        var step = DeflateReader.Step.done
        while step == .done, !isOver {
            switch reader.stage {
            case .blockHeader:
                step = reader.readBlockHeader()
                if step == .done { openBlock() }
            case .symbols: step = rewriteSymbols()
            case .stored: step = rewriteStored()
            case .trailer: step = rewriteTrailer()
            }
        }
        // Behind the stream there may be another member, or anything: browsers look at neither.
        if isOver { reader.bit = reader.input.bitCount }
        copyRun(to: reader.bit)
        return step
    }

    /// Whether matches may still reach over the tag.
    var isNearTag: Bool { reader.position - point < DeflateAlphabet.window }

    // MARK: Blocks

    /// A block's header has been read, and is in the run.
    private mutating func openBlock() {
        if !isInserted, reader.position == point {
            copyRun(to: reader.headerStart)
            writeTagBlock(isFinal: false)
        }
        isOpenEnded = !isInserted || isNearTag
        detours = 0
        ownCode = nil
        if reader.kind == .stored {
            copyRun(to: reader.headerStart)
            let isDivided = !isInserted && point < reader.position + reader.storedBytes
            openStored(length: isDivided ? point - reader.position : reader.storedBytes)
        } else if isOpenEnded {
            keepHeader()
            if reader.isFinal {
                copyRun(to: reader.headerStart)
                writer.put(0, bits: 1)
                runStart += 1
            }
        }
    }

    private mutating func endBlock() {
        let end = reader.bit
        reader.endBlock()
        guard reader.isFinal else { return }
        copyRun(to: end)
        if !isInserted {
            writeTagBlock(isFinal: true)
        } else if isOpenEnded {
            writer.put(0b011, bits: 3)
            DeflateCode.fixed.writeEndOfBlock(to: &writer)
        }
        writer.align()
        runStart = reader.bit
    }

    /// The tag in a block of its own.
    private mutating func writeTagBlock(isFinal: Bool) {
        writer.put(isFinal ? 0b011 : 0b010, bits: 3)
        writeTag()
        DeflateCode.fixed.writeEndOfBlock(to: &writer)
    }

    mutating func writeTag() {
        for byte in tag { DeflateCode.fixed.writeLiteral(byte, to: &writer) }
        isInserted = true
    }

    /// Keeps the header of a block that may have to be opened again.
    private mutating func keepHeader() {
        let first = reader.headerStart / 8
        header.removeFirst(header.count)
        header.append(
            UnsafeRawBufferPointer(start: reader.input.bytes + first, count: (reader.bit + 7) / 8 - first))
        headerBits = reader.headerStart - first * 8 + 1..<reader.bit - first * 8
    }

    // MARK: Stored blocks

    /// Stored bytes begin at a byte, so that the padding differs.
    private mutating func openStored(length: Int) {
        writer.put(reader.isFinal && !isOpenEnded ? 1 : 0, bits: 3)
        writer.align()
        writer.put(UInt64(length) | UInt64(length ^ 0xFFFF) << 16, bits: 32)
        runStart = reader.bit
    }

    private mutating func rewriteStored() -> DeflateReader.Step {
        let position = reader.position
        let bytes = reader.takeStored(atMost: isInserted || point == position ? .max : point - position)
        if position <= decoded.count, decoded.count < recordingEnd {
            record(bytes.dropFirst(decoded.count - position).prefix(recordingEnd - decoded.count))
        }
        if reader.storedBytes == 0 {
            endBlock()
        } else if !isInserted, reader.position == point {
            copyRun(to: reader.bit)
            writeTagBlock(isFinal: false)
            openStored(length: reader.storedBytes)
        } else if bytes.isEmpty {
            return .needMore
        }
        return .done
    }

    // MARK: Symbols

    /// What matches over the tag can need of the decoded data ends here.
    var recordingEnd: Int { point + DeflateAlphabet.longestMatch }

    /// One symbol, after as many as need no attention.
    private mutating func rewriteSymbols() -> DeflateReader.Step {
        if isInserted, !isInDetour, decoded.count >= recordingEnd { reader.walk(origin: point) }
        let start = reader.bit
        let position = reader.position
        let symbol = reader.readSymbol()
        switch symbol {
        case .needMore: return .needMore
        case .damaged: return .damaged
        case .endOfBlock:
            if isInDetour {
                DeflateCode.fixed.writeEndOfBlock(to: &writer)
                isInDetour = false
                runStart = reader.bit
            }
            endBlock()
        case .literal(let byte):
            record(symbol, at: position)
            if !isInserted, position == point {
                enterDetour(at: start)
                writeTag()
            }
            if staysInDetour {
                DeflateCode.fixed.writeLiteral(byte, to: &writer)
                runStart = reader.bit
            } else {
                leaveDetour(before: start)
            }
        case .match(let length, let distance):
            record(symbol, at: position)
            // Either it has just been recorded, or it has its source where all is.
            let content = position + length <= decoded.count ? position : position - distance
            rewrite(Match(position: position, length: length, distance: distance, content: content), at: start)
        }
        return .done
    }

    private mutating func record(_ symbol: DeflateReader.Symbol, at position: Int) {
        if position == decoded.count, position < recordingEnd { record(symbol) }
    }
}
