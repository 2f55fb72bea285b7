public import NIOCore

/// Reads request heads out of a buffer, strictly (RFC 9112 §2, §3, §5).
///
/// Give it all that has arrived; it remembers how far it has looked, so that a head that trickles in is not scanned
/// twice. Between two calls for one head, bytes may only be added to the buffer, and `head` must be the same. The outcome
/// does not depend on where the bytes were cut.
public struct RequestHeadParser: Sendable {
    private var lines: HeadLines
    private var facts = MessageFacts()
    private var mayBeEmptyLine = true
    private var failure: HTTPWireError?

    /// A parser that enforces `limits`.
    public init(limits: HeadLimits = HeadLimits()) { lines = HeadLines(limits: limits) }

    /// Reads the next head.
    ///
    /// One empty line before the request line is skipped (RFC 9112 §2.2). When the head is complete, its bytes have been
    /// taken out of `buffer`, and the parser is ready for the next one.
    ///
    /// - Parameters:
    ///   - buffer: what has arrived and not been used yet.
    ///   - head: receives the head; meaningless until the answer is true.
    /// - Returns: whether the head is complete; false means that more bytes are needed.
    /// - Throws: the rule that was broken. The connection has no message boundary any more: every later call throws the
    ///   same.
    public mutating func parse(_ buffer: inout ByteBuffer, into head: RequestHead) throws(HTTPWireError) -> Bool {
        if let failure { throw failure }
        do {
            return try advance(&buffer, into: head)
        } catch {
            let failure = HTTPWireError(error, sender: .client)
            self.failure = failure
            throw failure
        }
    }

    private mutating func advance(
        _ buffer: inout ByteBuffer, into head: RequestHead
    ) throws(HTTPWireError.Kind) -> Bool {
        if lines.isAtStart {
            if mayBeEmptyLine {
                guard try skipEmptyLine(&buffer) else { return false }
            }
            head.reset()
            facts = MessageFacts()
        }
        let length = try buffer.withUnsafeReadableBytes { (all) throws(HTTPWireError.Kind) -> Int? in
            try readLines(all, into: head)
        }
        guard let length, let bytes = buffer.readSlice(length: length) else { return false }
        head.bytes = bytes
        lines.restart()
        mayBeEmptyLine = true
        return true
    }

    /// Returns the length of the head once it is complete.
    private mutating func readLines(
        _ all: UnsafeRawBufferPointer, into head: RequestHead
    ) throws(HTTPWireError.Kind) -> Int? {
        if lines.isAtStart {
            // Something that is no HTTP (a TLS ClientHello, most often) may never send a line end: say so at once.
            if let first = all.first, !ASCII.isTokenByte(first) { throw .badRequestLine }
            guard let line = try lines.next(in: all, tooLong: .uriTooLong) else { return nil }
            try RequestLine.parse(all, line, into: head)
            head.lineEnd = lines.position
        }
        while let line = try lines.next(in: all, tooLong: .fieldLineTooLong) {
            if line.isEmpty {
                try finish(head, all)
                return lines.position
            }
            guard head.fields.count < lines.limits.maxFields else { throw .tooManyFields }
            var field = try FieldLine.parse(all, line)
            if field.known == .other {
                field.isRemoved = FieldLine.isAlias(all.clamped(field.name))
            } else {
                try facts.note(field, at: head.fields.count, all)
            }
            head.append(field)
        }
        return nil
    }

    private func finish(_ head: RequestHead, _ all: UnsafeRawBufferPointer) throws(HTTPWireError.Kind) {
        head.framing = try facts.requestFraming(version: head.version)
        head.keepAlive = facts.keepsAlive(head.version)
        head.expectsContinue = facts.expectsContinue && head.version == .http11
        head.upgrade = facts.asksForUpgrade && head.version == .http11 && head.framing.isEmpty
        try head.settleHost(facts.hostIndex, all)
    }

    /// Returns false if more bytes are needed to tell.
    private mutating func skipEmptyLine(_ buffer: inout ByteBuffer) throws(HTTPWireError.Kind) -> Bool {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        if first == ASCII.lf { throw .bareLF }
        if first == ASCII.cr {
            guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return false }
            guard second == ASCII.lf else { throw .bareCR }
            buffer.moveReaderIndex(forwardBy: 2)
        }
        mayBeEmptyLine = false
        return true
    }
}
