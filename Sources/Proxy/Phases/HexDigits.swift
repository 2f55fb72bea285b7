internal import NIOCore

/// A header line with 32 hex digits in it, made ready: to write it is one copy, and four words for the digits.
struct HexLine: Sendable {
    fileprivate let bytes: ByteBuffer
    /// Where the digits begin.
    fileprivate let offset: Int

    /// The line `beginning`, digits, `end`, CRLF.
    init(_ beginning: String, _ end: String = "") {
        bytes = ByteBuffer(string: beginning + String(repeating: "0", count: 32) + end + "\r\n")
        offset = beginning.utf8.count
    }
}

extension ByteBuffer {
    /// Appends the line with the digits of two words, and returns where they are.
    @discardableResult
    mutating func write(_ line: HexLine, with high: UInt64, _ low: UInt64) -> Range<Int> {
        let start = writerIndex + line.offset
        writeImmutableBuffer(line.bytes)
        setHex(high, at: start)
        setHex(low, at: start + 16)
        return start..<start + 32
    }

    /// Writes the sixteen lower-case hex digits of a word over the bytes at `index`, which must exist.
    mutating func setHex(_ word: UInt64, at index: Int) {
        let offset = index - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            guard offset >= 0, offset + 16 <= bytes.count else { return }
            let digits = (UInt32(truncatingIfNeeded: word >> 32), UInt32(truncatingIfNeeded: word))
            bytes.storeBytes(of: Self.hex(digits.0).bigEndian, toByteOffset: offset, as: UInt64.self)
            bytes.storeBytes(of: Self.hex(digits.1).bigEndian, toByteOffset: offset + 8, as: UInt64.self)
        }
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
