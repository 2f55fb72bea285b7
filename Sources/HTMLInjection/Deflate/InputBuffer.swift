/// The compressed bytes that are still needed, in one piece, readable at any bit.
struct InputBuffer: ~Copyable {
    /// The bytes; `padding` more may be read after the last one.
    private(set) var bytes: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// What a reader may read beyond the end: one 64-bit word at the last bit.
    private static let padding = 16

    init() {
        capacity = 4096
        bytes = .allocate(capacity: capacity)
        bytes.initialize(repeating: 0, count: Self.padding)
    }

    deinit { bytes.deallocate() }

    /// The number of bits that have arrived.
    var bitCount: Int { count &* 8 }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        guard let source = more.baseAddress, more.count > 0 else { return }
        let needed = count + more.count + Self.padding
        if needed > capacity { grow(to: max(needed, capacity * 2)) }
        UnsafeMutableRawPointer(bytes + count).copyMemory(from: source, byteCount: more.count)
        count += more.count
        (bytes + count).initialize(repeating: 0, count: Self.padding)
    }

    mutating func removeFirst(_ removed: Int) {
        guard removed > 0 else { return }
        count -= removed
        bytes.update(from: bytes + removed, count: count + Self.padding)
    }

    /// At least 57 bits from a bit on, which is at most the end; beyond the end they are zeros.
    @inline(__always)
    func bits(at bit: Int) -> UInt64 {
        // `bit >> 3` is at most `count`, and the padding is wider than a word.
        let word = UnsafeRawPointer(bytes + (bit &>> 3)).loadUnaligned(as: UInt64.self)
        return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit & 7)
    }

    private mutating func grow(to size: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        larger.initialize(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
        capacity = size
    }
}
