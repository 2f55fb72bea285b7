/// The URL-safe base64 alphabet without padding (RFC 4648 §5), strict and canonical: every sequence of bytes has
/// exactly one text, and nothing else is read.
public enum Base64URL {
    /// The characters that `count` bytes take.
    public static func encodedCount(_ count: Int) -> Int {
        count / 3 * 4 + (count % 3 == 0 ? 0 : count % 3 + 1)
    }

    /// The bytes that `count` characters stand for; `nil` if no text has this many.
    static func decodedCount(_ count: Int) -> Int? {
        count % 4 == 1 ? nil : count / 4 * 3 + (count % 4 == 0 ? 0 : count % 4 - 1)
    }

    /// The text of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { text in
            var written = 0
            var pending: UInt32 = 0
            var bits: UInt32 = 0
            for byte in bytes {
                pending = pending << 8 | UInt32(byte)
                bits += 8
                while bits >= 6 {
                    bits -= 6
                    text.initializeElement(at: written, to: character(UInt8(pending >> bits & 63)))
                    written += 1
                }
                pending &= (1 << bits) - 1
            }
            if bits > 0 {
                text.initializeElement(at: written, to: character(UInt8(pending << (6 - bits) & 63)))
                written += 1
            }
            return written
        }
    }

    /// The bytes of `text`; `nil` for a foreign character, an impossible length or unused bits that are not zero.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard let count = decodedCount(text.count) else { return nil }
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            isValid =
                text.withContiguousStorageIfAvailable { decode($0, into: buffer, written: &initialized) }
                ?? decode(text, into: buffer, written: &initialized)
        }
        return isValid ? bytes : nil
    }

    private static func decode(
        _ text: some Collection<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>, written: inout Int
    ) -> Bool {
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            let value = value(of: character)
            guard value < 64 else { return false }
            pending = pending << 6 | UInt32(value)
            bits += 6
            guard bits >= 8 else { continue }
            // A collection that gives more characters than it counted is cut off here, not written past the end.
            guard written < buffer.count else { return false }
            bits -= 8
            buffer.initializeElement(at: written, to: UInt8(pending >> bits & 0xFF))
            written += 1
            pending &= (1 << bits) - 1
        }
        return pending == 0 && written == buffer.count
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + (value - 26)
        case 52..<62: UInt8(ascii: "0") + (value - 52)
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    /// 0 to 63, or 255 for a character outside the alphabet.
    private static func value(of character: UInt8) -> UInt8 {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: 255
        }
    }
}
