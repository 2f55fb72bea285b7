/// A checked `uri-host [":" port]` (RFC 9110 §7.2), as ranges.
///
/// Narrower than RFC 3986: a name is made of letters, digits, `-`, `_` and single dots (one may be last), because no
/// domain can be configured under anything else, and bytes such as `%`, `'` or `,` only serve those who hope that it is
/// copied somewhere. No user information; an address in brackets has hexadecimal digits, colons and dots only.
struct Authority {
    /// The longest name in bytes (RFC 1035 §2.3.4), with a final dot.
    static let maxName = 254

    /// The whole.
    let range: Range<Int>
    /// The name or the address with its brackets.
    let name: Range<Int>
    /// 0…65535, if stated.
    let port: UInt16?

    /// Nil if what is at `range` is no authority.
    init?(_ all: UnsafeRawBufferPointer, _ range: Range<Int>) {
        let bytes = all.clamped(range)
        guard let first = bytes.first, let end = first == 0x5B ? Self.addressEnd(bytes) : Self.nameEnd(bytes) else {
            return nil
        }
        self.range = range
        name = range.lowerBound..<(range.lowerBound + end)
        if end == bytes.count {
            port = nil
        } else {
            guard let number = Self.port(bytes.clamped(end..<bytes.count)) else { return nil }
            port = number
        }
    }

    private static func nameEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var end = 0
        var afterDot = true
        while end < bytes.count, ASCII.isHostNameByte(bytes[end]) {
            let isDot = bytes[end] == 0x2E
            if isDot, afterDot { return nil }
            afterDot = isDot
            end += 1
        }
        return end > 0 && end <= maxName ? end : nil
    }

    private static func addressEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var end = 1
        var colons = 0
        while end < bytes.count, ASCII.isAddressByte(bytes[end]) {
            if bytes[end] == ASCII.colon { colons += 1 }
            end += 1
        }
        // The longest text of an address: 45 bytes, IPv4 in its last part.
        guard end < bytes.count, bytes[end] == 0x5D, colons >= 2, end <= 46 else { return nil }
        return end + 1
    }

    /// Reads `":" 1*5DIGIT`.
    private static func port(_ bytes: UnsafeRawBufferPointer) -> UInt16? {
        guard bytes.count >= 2, bytes.count <= 6, bytes[0] == ASCII.colon else { return nil }
        var number = 0
        for byte in bytes.dropFirst() {
            guard ASCII.isDigit(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return UInt16(exactly: number)
    }
}
