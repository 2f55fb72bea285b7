public import NIOCore

/// Turns the trailer section of an HTTP/2 message into the lines of a chunked body's (RFC 9113 §8.1).
public struct HTTP2Trailers {
    private var lines = ByteBuffer()
    private let limits: HeadLimits
    private let dropped: [FoldedName]

    /// - Parameters:
    ///   - limits: those of an HTTP/1.1 trailer section.
    ///   - names: further fields to drop, under all their spellings.
    public init(limits: HeadLimits = HeadLimits(), dropping names: [FoldedName] = []) {
        self.limits = limits
        dropped = names
    }

    /// Takes the next field of the section.
    ///
    /// - Throws: if the message is malformed.
    public mutating func add(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
    ) throws(HTTP2RequestFields.Malformed) {
        if name.first == ASCII.colon { throw .pseudoFieldInTrailers }
        let known = FieldName(name)
        guard FieldSectionRules.isName(name, known) else { throw .badFieldName }
        guard FieldSectionRules.isValue(value) else { throw .badFieldValue }
        switch known {
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade, .te: throw .connectionField
        default: FieldSectionRules.write(name, value, into: &lines)
        }
    }

    /// The lines that may be sent on, as ``BodyEvent/end(trailers:)`` has them.
    ///
    /// - Throws: a limit that was exceeded, or a control byte in a value.
    public mutating func finish() throws(HTTPWireError) -> ByteBuffer {
        guard lines.readableBytes > 0 else { return ByteBuffer() }
        lines.writeStaticString(ASCII.crlf)
        var section = TrailerSection(limits: limits, dropped: dropped)
        do {
            return try section.read(&lines) ?? ByteBuffer()
        } catch {
            throw HTTPWireError(error, sender: .client)
        }
    }
}
