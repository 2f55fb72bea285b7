public import NIOCore

/// Writes the chunked transfer coding (RFC 9112 §7.1): for each piece of the body a header, the data, and a line end.
public enum ChunkedEncoder {
    /// Appends the line before `size` bytes of data. Nothing for 0 or less, for an empty chunk would end the body.
    public static func writeHeader(of size: Int, into buffer: inout ByteBuffer) {
        guard size > 0 else { return }
        var shift = (size.bitWidth - size.leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: size >> shift & 0xF)
            buffer.writeInteger(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            shift -= 4
        }
        buffer.writeStaticString(ASCII.crlf)
    }

    /// Appends the line end after a chunk's data. Not for a chunk that had no header.
    public static func writeDataEnd(into buffer: inout ByteBuffer) { buffer.writeStaticString(ASCII.crlf) }

    /// Appends the end of the body: the last chunk, the trailer lines (each with its CRLF), the empty line.
    public static func writeEnd(trailers: ByteBuffer? = nil, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        if let trailers { buffer.writeImmutableBuffer(trailers) }
        buffer.writeStaticString(ASCII.crlf)
    }
}
