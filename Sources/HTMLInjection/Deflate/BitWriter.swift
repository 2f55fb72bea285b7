/// Compressed bytes in the making, written at any bit (least significant bit first, as in RFC 1951 §3.1.1).
struct BitWriter: ~Copyable {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Whole bytes written since the last ``removeAll()``.
    private(set) var count = 0
    /// The bits of the byte that is not full yet, and their number, 0...7.
    private var pending: UInt64 = 0
    private var pendingBits = 0
    /// Room kept for one more word, and a half-written one.
    private static let slack = 16

    init() {
        capacity = 4096
        bytes = .allocate(capacity: capacity)
    }

    deinit { bytes.deallocate() }

    /// The whole bytes written.
    var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

    /// Forgets the whole bytes; a half-written one stays.
    mutating func removeAll() { count = 0 }

    /// Writes the low bits of a value, at most 56; the others must be zero.
    mutating func put(_ value: UInt64, bits: Int) {
        reserve(8)
        pending |= value << UInt64(pendingBits)
        pendingBits += bits
        store(pending, at: count)
        count += pendingBits >> 3
        pending >>= UInt64(pendingBits & ~7)
        pendingBits &= 7
    }

    /// Fills the last byte up with zeros.
    mutating func align() {
        if pendingBits > 0 { put(0, bits: 8 - pendingBits) }
    }

    /// Copies bits as they are, by 64 at a time, shifted where input and output are not at the same bit of a byte.
    ///
    /// - Parameters:
    ///   - source: the start of the bytes; a word may be read at the last bit.
    ///   - range: bit numbers counted from `source`.
    mutating func copy(_ source: UnsafePointer<UInt8>, bits range: Range<Int>) {
        guard !range.isEmpty else { return }
        reserve(range.count / 8 + 8)
        let source = UnsafeRawPointer(source)
        var bit = range.lowerBound
        func take(_ bits: Int) {
            let word = UInt64(littleEndian: (source + bit >> 3).loadUnaligned(as: UInt64.self)) >> UInt64(bit & 7)
            put(word & (1 << UInt64(bits) - 1), bits: bits)
            bit += bits
        }
        if bit & 7 != 0 { take(min(8 - bit & 7, range.upperBound - bit)) }
        let words = (range.upperBound - bit) / 64
        if words > 0 {
            copyWords(source + bit >> 3, count: words)
            bit += words * 64
        }
        while bit < range.upperBound { take(min(56, range.upperBound - bit)) }
    }

    private mutating func copyWords(_ source: UnsafeRawPointer, count words: Int) {
        let target = UnsafeMutableRawPointer(bytes + count)
        if pendingBits == 0 {
            target.copyMemory(from: source, byteCount: words &* 8)
        } else {
            let left = UInt64(pendingBits)
            let right = 64 - left
            func word(_ index: Int) -> UInt64 {
                UInt64(littleEndian: (source + index &* 8).loadUnaligned(as: UInt64.self))
            }
            target.storeBytes(of: (word(0) &<< left | pending).littleEndian, as: UInt64.self)
            // Each from two words of the source and none of the target, so that several are made at once.
            for index in 1..<max(words, 1) {
                let bits = word(index) &<< left | word(index &- 1) &>> right
                (target + index &* 8).storeBytes(of: bits.littleEndian, as: UInt64.self)
            }
            pending = word(words &- 1) &>> right
        }
        count += words &* 8
    }

    private mutating func store(_ word: UInt64, at offset: Int) {
        UnsafeMutableRawPointer(bytes + offset).storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    private mutating func reserve(_ more: Int) {
        let needed = count + more + Self.slack
        guard needed > capacity else { return }
        let size = max(needed, capacity * 2)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        larger.initialize(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
        capacity = size
    }
}
