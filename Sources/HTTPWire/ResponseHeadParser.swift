public import NIOCore

/// Reads response heads out of a buffer, as strictly as request heads (RFC 9112 §2, §4, §5).
///
/// Used as ``RequestHeadParser`` is. Every error is the upstream's: status 502. An upstream that contradicts itself about
/// framing is not trusted with another client's connection.
public struct ResponseHeadParser: Sendable {
    private var lines: HeadLines
    private var facts = MessageFacts()
    private var failure: HTTPWireError?

    /// A parser that enforces `limits`.
    public init(limits: HeadLimits = HeadLimits()) { lines = HeadLines(limits: limits) }

    /// Reads the next head; an interim one (1xx) is a head like any other.
    ///
    /// - Parameters:
    ///   - buffer: what has arrived and not been used yet; the head's bytes are taken out when it is complete.
    ///   - head: receives the head; meaningless until the answer is true.
    /// - Returns: whether the head is complete; false means that more bytes are needed.
    /// - Throws: the rule that was broken; every later call throws the same.
    public mutating func parse(_ buffer: inout ByteBuffer, into head: ResponseHead) throws(HTTPWireError) -> Bool {
        if let failure { throw failure }
        do {
            if lines.isAtStart {
                head.reset()
                facts = MessageFacts()
            }
            let length = try buffer.withUnsafeReadableBytes { (all) throws(HTTPWireError.Kind) -> Int? in
                try readLines(all, into: head)
            }
            guard let length, let bytes = buffer.readSlice(length: length) else { return false }
            head.bytes = bytes
            lines.restart()
            return true
        } catch {
            let failure = HTTPWireError(error, sender: .upstream)
            self.failure = failure
            throw failure
        }
    }

    /// Returns the length of the head once it is complete.
    private mutating func readLines(
        _ all: UnsafeRawBufferPointer, into head: ResponseHead
    ) throws(HTTPWireError.Kind) -> Int? {
        if lines.isAtStart {
            guard let line = try lines.next(in: all, tooLong: .headTooLarge) else { return nil }
            try StatusLine.parse(all, line, into: head)
            head.lineEnd = lines.position
        }
        while let line = try lines.next(in: all, tooLong: .fieldLineTooLong) {
            if line.isEmpty {
                try finish(head)
                return lines.position
            }
            guard head.fields.count < lines.limits.maxFields else { throw .tooManyFields }
            let field = try FieldLine.parse(all, line)
            // `Host` means nothing here, however often it comes.
            if field.known != .other, field.known != .host { try facts.note(field, at: head.fields.count, all) }
            head.append(field)
        }
        return nil
    }

    private func finish(_ head: ResponseHead) throws(HTTPWireError.Kind) {
        head.framing = try facts.responseFraming(version: head.version)
        head.keepAlive = facts.keepsAlive(head.version)
        head.upgrade = head.status == 101 && facts.asksForUpgrade && head.version == .http11
        // Servers that close after a 426 say only that in `Connection`.
        head.requiresUpgrade = head.status == 426 && facts.namesProtocol
        if head.status < 200 || head.status == 204 {
            // No sender may put them there (RFC 9110 §8.6, RFC 9112 §6.1), and a client might believe them.
            head.removeAll(.contentLength)
            head.removeAll(.transferEncoding)
        }
    }
}
