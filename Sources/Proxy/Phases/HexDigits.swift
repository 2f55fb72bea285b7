internal import NIOCore

extension ByteBuffer {
    /// Appends the sixteen lower-case hex digits of a word.
    mutating func writeHex(_ word: UInt64) {
        let digits = Self.digits(of: word)
        writeMultipleIntegers(digits.0, digits.1)
    }

    /// Appends the 32 lower-case hex digits of two words.
    mutating func writeHex(_ high: UInt64, _ low: UInt64) {
        let first = Self.digits(of: high)
        let second = Self.digits(of: low)
        writeMultipleIntegers(first.0, first.1, second.0, second.1)
    }

    private static func digits(of word: UInt64) -> (UInt64, UInt64) {
        (hex(UInt32(truncatingIfNeeded: word >> 32)), hex(UInt32(truncatingIfNeeded: word)))
    }

    /// The eight hex digits of `value` as bytes in network order, computed in one register: the nibbles are spread to a
    /// byte each, and those above 9 get the distance from `9` to `a` added.
    private static func hex(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }
}
