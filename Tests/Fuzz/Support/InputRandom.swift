/// Numbers that look random and follow from the input alone: a reproducer stays a plain file, and a seed a readable one.
public struct InputRandom: RandomNumberGenerator {
    private var state: UInt64

    /// The numbers that belong to these bytes (their FNV-1a hash is where they begin).
    public init(_ bytes: UnsafeRawBufferPointer) {
        state = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The next number (SplitMix64).
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// How bytes may arrive.
public enum Cutting: CaseIterable {
    case whole
    case byteByByte
    /// In pieces of up to 16 bytes, or of up to a 64th of the whole, some of them empty, at places that follow from it.
    case irregular

    /// Calls `body` with one piece after another.
    public func forEachPiece(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var random = InputRandom(bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            let size =
                switch self {
                case .whole: rest.count
                case .byteByByte: 1
                case .irregular: Int.random(in: 0...max(16, bytes.count / 64), using: &random)
                }
            body(UnsafeRawBufferPointer(rebasing: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
    }
}
