#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Searches over raw bytes, eight at a time where that pays: generic SIMD comparisons compile to loops per lane.
extension UnsafeRawBufferPointer {
    /// Byte for byte equality.
    @inline(__always)
    func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let base = baseAddress, let otherBase = other.baseAddress else { return count == other.count }
        return count == other.count && memcmp(base, otherBase, count) == 0
    }

    /// Where `byte` first occurs at `start` or later.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress, start >= 0, start < count else { return nil }
        guard let hit = memchr(base + start, Int32(byte), count - start) else { return nil }
        return UnsafeRawPointer(hit) - base
    }

    /// Where `byte` first occurs in `range`, which must lie within `self`.
    @inline(__always)
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        guard let base = baseAddress, !range.isEmpty else { return nil }
        guard let hit = memchr(base + range.lowerBound, Int32(byte), range.count) else { return nil }
        return UnsafeRawPointer(hit) - base
    }

    /// Where the first control byte other than HTAB is in `range`, which must lie within `self`.
    func firstForbiddenControl(in range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while range.upperBound - index >= 8 {
            let word = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if Words.hasByte(below: 0x20, in: word) || Words.hasByte(0x7F, in: word) {
                // HTAB is the one that may stay; it is rare enough to look at these eight one by one.
                for near in index..<(index + 8) where ASCII.isForbiddenControl(self[near]) { return near }
            }
            index += 8
        }
        while index < range.upperBound {
            if ASCII.isForbiddenControl(self[index]) { return index }
            index += 1
        }
        return nil
    }

    /// Whether any of the words of eight bytes that these bytes are made of is one; the last two may overlap. `self` must have
    /// eight bytes or more.
    @inline(__always)
    func hasWord(_ isOne: (UInt64) -> Bool) -> Bool {
        var index = 0
        while index < count - 8 {
            if isOne(loadUnaligned(fromByteOffset: index, as: UInt64.self)) { return true }
            index += 8
        }
        return isOne(loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    }

    /// Whether every byte in `range` is visible ASCII (0x21…0x7E) and none is `#`. `range` must lie within `self`.
    func isTarget(_ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while range.upperBound - index >= 8 {
            let word = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if word & Words.highBits != 0 || Words.hasByte(below: 0x21, in: word) || Words.hasByte(0x7F, in: word)
                || Words.hasByte(0x23, in: word)
            {
                return false
            }
            index += 8
        }
        while index < range.upperBound {
            let byte = self[index]
            if byte < 0x21 || byte > 0x7E || byte == 0x23 { return false }
            index += 1
        }
        return true
    }
}

/// Eight bytes in one word. Additions and subtractions wrap by intention: a borrow only ever adds a flag to a byte that
/// lies above one that is flagged rightly, so the answer to "is there any?" is exact.
enum Words {
    static let lowBits: UInt64 = 0x0101_0101_0101_0101
    static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// Whether a byte of `word` is below `bound`, which must be 1…128.
    @inline(__always)
    static func hasByte(below bound: UInt64, in word: UInt64) -> Bool {
        (word &- lowBits &* bound) & ~word & highBits != 0
    }

    /// Whether a byte of `word` equals `byte`.
    @inline(__always)
    static func hasByte(_ byte: UInt64, in word: UInt64) -> Bool { hasByte(below: 1, in: word ^ lowBits &* byte) }

    /// `word` with every upper-case letter in lower case, and every other byte as it was.
    @inline(__always)
    static func lowercased(_ word: UInt64) -> UInt64 {
        // In seven bits nothing is carried from byte to byte; what has the eighth is no letter.
        let low = word & ~highBits
        let fromA = low &+ lowBits &* (0x80 - 0x41)
        let aboveZ = low &+ lowBits &* (0x80 - 0x5B)
        return word | (fromA & ~aboveZ & ~word & highBits) >> 2
    }

    /// The first eight bytes in lower case; of fewer, all of them, some twice. `text` must not be empty.
    @inline(__always)
    static func first(of text: UnsafeRawBufferPointer) -> UInt64 {
        switch text.count {
        case 8...: return lowercased(text.loadUnaligned(as: UInt64.self))
        case 4...:
            let low = text.loadUnaligned(as: UInt32.self)
            let high = text.loadUnaligned(fromByteOffset: text.count - 4, as: UInt32.self)
            return lowercased(UInt64(low) | UInt64(high) << 32)
        default:
            let bytes = (text[0], text[text.count / 2], text[text.count - 1])
            return lowercased(UInt64(bytes.0) | UInt64(bytes.1) << 8 | UInt64(bytes.2) << 16)
        }
    }

    /// The last eight bytes in lower case; 0 where ``first(of:)`` has all there are.
    @inline(__always)
    static func last(of text: UnsafeRawBufferPointer) -> UInt64 {
        text.count > 8
            ? lowercased(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self)) : 0
    }
}
