/// Byte classes and comparisons of HTTP's grammar (RFC 5234, RFC 9110 §5.6), without a `String` in sight.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lf: UInt8 = 0x0A
    static let cr: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let crlf: StaticString = "\r\n"

    /// Whether `byte` is in the set of ASCII characters given as two bit masks (0x00…0x3F and 0x40…0x7F).
    @inline(__always)
    private static func isMember(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low : high) >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// `tchar` (RFC 9110 §5.6.2): letters, digits and !#$%&'*+-.^_`|~
    @inline(__always)
    static func isTokenByte(_ byte: UInt8) -> Bool { isMember(byte, 0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe) }

    /// Letters, digits, `-`, `.` and `_`: what a name that somebody can own is made of.
    @inline(__always)
    static func isHostNameByte(_ byte: UInt8) -> Bool { isMember(byte, 0x03ff_6000_0000_0000, 0x07ff_fffe_87ff_fffe) }

    /// Hexadecimal digits, `:` and `.`, the bytes of an address between brackets.
    @inline(__always)
    static func isAddressByte(_ byte: UInt8) -> Bool { isMember(byte, 0x07ff_4000_0000_0000, 0x0000_007e_0000_007e) }

    /// `OWS` (RFC 9110 §5.6.3).
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// A control byte that no field value may hold: everything under 0x20 but HTAB, and DEL (RFC 9110 §5.5).
    @inline(__always)
    static func isForbiddenControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != tab || byte == 0x7F }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Lower case, with `_` and `.` as `-`: how CGI-like upstreams see a field name.
    @inline(__always)
    static func folded(_ byte: UInt8) -> UInt8 { byte == 0x5F || byte == 0x2E ? 0x2D : lowercased(byte) }
}

extension UnsafeRawBufferPointer {
    /// Byte for byte equality.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard text.hasPointerRepresentation, text.utf8CodeUnitCount == count else { return false }
        let other = text.utf8Start
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// Equality whatever the letter case of `self`; `lowercased` must be in lower case.
    @inline(__always)
    func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard lowercased.hasPointerRepresentation, lowercased.utf8CodeUnitCount == count else { return false }
        let other = lowercased.utf8Start
        for index in 0..<count where ASCII.lowercased(self[index]) != other[index] { return false }
        return true
    }

    /// Equality whatever the letter case of either side.
    func equalsIgnoringCase(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) { return false }
        return true
    }

    /// The bytes of `range` that exist: never outside of `self`.
    @inline(__always)
    func clamped(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range.clamped(to: 0..<count)])
    }
}
