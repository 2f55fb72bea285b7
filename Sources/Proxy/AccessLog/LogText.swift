internal import NIOCore

/// Text of unknown origin on its way into a line of a log: whatever is not printable ASCII is escaped, byte by byte.
extension ByteBuffer {
    // MARK: JSON

    mutating func writeMember(_ key: StaticString, _ value: Int) {
        writeKey(key)
        writeString(String(value))
    }

    mutating func writeMember(_ key: StaticString, _ value: some StringProtocol) {
        writeKey(key)
        writeStaticString("\"")
        writeEscapedJSON(value)
        writeStaticString("\"")
    }

    mutating func writeMember(_ key: StaticString, _ value: UnsafeRawBufferPointer) {
        writeKey(key)
        writeStaticString("\"")
        writeEscapedJSON(value)
        writeStaticString("\"")
    }

    private mutating func writeKey(_ key: StaticString) {
        writeStaticString(",\"")
        writeStaticString(key)
        writeStaticString("\":")
    }

    /// The inside of a JSON string (RFC 8259 §7). A byte above 0x7E becomes the character of that number, as if all were
    /// Latin-1: so every byte that came can be told from the line.
    mutating func writeEscapedJSON(_ bytes: UnsafeRawBufferPointer) {
        writeEscaped(bytes) { out, byte in
            switch byte {
            case UInt8(ascii: "\""): out.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): out.writeStaticString("\\\\")
            default:
                out.writeStaticString("\\u00")
                out.writeHex(byte)
            }
        }
    }

    mutating func writeEscapedJSON(_ text: some StringProtocol) {
        withBytes(of: text) { $0.writeEscapedJSON($1) }
    }

    // MARK: combined

    /// As Apache escapes: `\"`, `\\`, `\n` and its like, `\xhh` for the rest.
    mutating func writeEscapedCombined(_ bytes: UnsafeRawBufferPointer) {
        writeEscaped(bytes) { out, byte in
            switch byte {
            case UInt8(ascii: "\""): out.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): out.writeStaticString("\\\\")
            case 0x08: out.writeStaticString("\\b")
            case 0x09: out.writeStaticString("\\t")
            case 0x0A: out.writeStaticString("\\n")
            case 0x0B: out.writeStaticString("\\v")
            case 0x0D: out.writeStaticString("\\r")
            default:
                out.writeStaticString("\\x")
                out.writeHex(byte)
            }
        }
    }

    mutating func writeEscapedCombined(_ text: some StringProtocol) {
        withBytes(of: text) { $0.writeEscapedCombined($1) }
    }

    // MARK: Parts

    /// Appends without telling how much, for use as the last statement of a function.
    mutating func writeStaticStringDiscarding(_ text: StaticString) { writeStaticString(text) }

    private mutating func writeEscaped(
        _ bytes: UnsafeRawBufferPointer, _ escape: (inout ByteBuffer, UInt8) -> Void
    ) {
        var start = 0
        for (index, byte) in bytes.enumerated() {
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            guard !isPlain else { continue }
            writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
            escape(&self, byte)
            start = index + 1
        }
        writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    private mutating func withBytes(
        of text: some StringProtocol, _ body: (inout ByteBuffer, UnsafeRawBufferPointer) -> Void
    ) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { body(&self, UnsafeRawBufferPointer($0)) }
        if isDone == nil { Array(text.utf8).withUnsafeBytes { body(&self, $0) } }
    }

    private mutating func writeHex(_ byte: UInt8) {
        let digit = { (nibble: UInt8) in nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10 }
        writeInteger(digit(byte >> 4))
        writeInteger(digit(byte & 0xF))
    }
}
