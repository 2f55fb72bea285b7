extension DeflateSplicer {
    /// A match in the stream.
    struct Match {
        /// Where it stands in the decoded data.
        var position: Int
        var length: Int
        var distance: Int
        /// Where its bytes can be had in ``DeflateSplicer/decoded``, if it reaches over the tag.
        var content: Int

        /// What is left of it after its first bytes.
        func dropping(_ count: Int) -> Match {
            Match(
                position: position + count, length: length - count, distance: distance, content: content + count)
        }
    }

    /// After so many detours in a block the next one goes on to the end of what can reach over the tag, since each of
    /// them repeats the block's header.
    private static let mostDetours = 4

    /// Whether symbols are written with fixed codes until further notice.
    var staysInDetour: Bool { isInDetour && detours > Self.mostDetours && isNearTag }

    /// Writes a match, if it cannot stay in the run.
    mutating func rewrite(_ match: Match, at bit: Int) {
        if !isInserted, match.position + match.length > point {
            insertTag(into: match, at: bit)
        } else if isInserted, match.distance > match.position - point {
            redirect(match, at: bit)
        } else if staysInDetour {
            writeFixed(DeflateCode.Piece(match, length: match.length, distance: match.distance))
        } else {
            return leaveDetour(before: bit)
        }
        runStart = reader.bit
    }

    /// The tag goes into a match, or right before one.
    private mutating func insertTag(into match: Match, at bit: Int) {
        enterDetour(at: bit)
        let before = point - match.position
        if before > 0 { writeFixed(DeflateCode.Piece(match, length: before, distance: match.distance)) }
        writeTag()
        for piece in pieces(of: match.dropping(before)) { writeFixed(piece) }
    }

    /// Writes a match that reaches over the tag.
    private mutating func redirect(_ match: Match, at bit: Int) {
        let pieces = pieces(of: match)
        if !staysInDetour, isWorthOwnCode(pieces), let ownCode {
            leaveDetour(before: bit)
            copyRun(to: bit)
            for piece in pieces { ownCode.write(piece, of: decoded, to: &writer) }
        } else {
            if !isInDetour {
                enterDetour(at: bit)
                detours += 1
            }
            for piece in pieces { writeFixed(piece) }
        }
    }

    /// What a match that reaches over the tag is made of: bytes from before the tag, and bytes from after it.
    private func pieces(of match: Match) -> [DeflateCode.Piece] {
        let before = min(match.length, point - (match.position - match.distance))
        let distance = match.distance + tag.count
        // A match may not reach farther than the stream's header says.
        let first = DeflateCode.Piece(
            match, length: before, distance: distance <= envelope.window ? distance : DeflateCode.Piece.unreachable)
        guard before < match.length else { return [first] }
        let rest = match.dropping(before)
        return [first, DeflateCode.Piece(rest, length: rest.length, distance: rest.distance)]
    }

    /// Whether the block's own code has what it takes, and literals do not take more than a detour would.
    private mutating func isWorthOwnCode(_ pieces: [DeflateCode.Piece]) -> Bool {
        let code = makeOwnCode()
        var limit = headerBits.count + 64
        for piece in pieces {
            guard let cost = code.cost(piece, of: decoded) else { return false }
            limit -= cost
        }
        return limit >= 0
    }

    private mutating func writeFixed(_ piece: DeflateCode.Piece) {
        DeflateCode.fixed.write(piece, of: decoded, to: &writer)
    }

    // MARK: Detours

    /// Closes the block, and opens one with fixed codes. A block that has them already goes on.
    mutating func enterDetour(at bit: Int) {
        copyRun(to: bit)
        isInDetour = true
        guard reader.kind == .dynamic else { return }
        makeOwnCode().writeEndOfBlock(to: &writer)
        writer.put(0b010, bits: 3)
    }

    /// Goes back to the block's own codes, when not in them, with a symbol at this bit of the input.
    mutating func leaveDetour(before bit: Int) {
        guard isInDetour else { return }
        isInDetour = false
        runStart = bit
        guard reader.kind == .dynamic else { return }
        DeflateCode.fixed.writeEndOfBlock(to: &writer)
        writer.put(0, bits: 1)
        writer.copy(header.bytes, bits: headerBits)
    }

    private mutating func makeOwnCode() -> DeflateCode {
        if let ownCode { return ownCode }
        let code = DeflateCode(reader.codeLengths, literals: reader.literals, distances: reader.distances)
        ownCode = code
        return code
    }

    /// Copies the bits from where the run began.
    mutating func copyRun(to bit: Int) {
        if bit > runStart { writer.copy(reader.input.bytes, bits: runStart..<bit) }
        runStart = bit
    }

    // MARK: The end of the stream

    /// Copies the trailer with a checksum and length that count the tag.
    mutating func rewriteTrailer() -> DeflateReader.Step {
        let bits = envelope.trailerLength * 8
        guard reader.available >= bits else { return .needMore }
        if bits > 0 {
            let mask = UInt64.max >> UInt64(64 - bits)
            let low = reader.input.bits(at: reader.bit) & mask
            let trailer = envelope.trailer(
                low, prefix: decoded[..<point], tag: tag, suffixLength: reader.position - point)
            writer.put(trailer & 0xFFFF_FFFF, bits: 32)
            if bits > 32 { writer.put(trailer >> 32, bits: 32) }
        }
        reader.bit += bits
        runStart = reader.bit
        isOver = true
        return .done
    }
}

extension DeflateCode.Piece {
    /// The first bytes of a match, at some distance.
    fileprivate init(_ match: DeflateSplicer.Match, length: Int, distance: Int) {
        self.init(length: length, distance: distance, content: match.content..<match.content + length)
    }

    /// A distance that makes literals of a piece.
    fileprivate static let unreachable = Int.max
}
