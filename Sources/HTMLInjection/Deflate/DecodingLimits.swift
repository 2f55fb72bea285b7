/// Bounds of what is held and decoded of a compressed body before the insertion point is known.
public struct DecodingLimits: Equatable, Sendable {
    /// Decoded bytes to look at.
    public var decodedPrefix = 64 * 1024
    /// Encoded bytes to hold.
    public var heldBytes = 128 * 1024
    /// How many bytes one encoded byte may stand for, once the decoded prefix is longer than a quarter of its bound.
    /// Deflate's own maximum is 1032.
    public var ratio = 500

    /// The default bounds: 64 KiB decoded, 128 KiB encoded, ratio 500.
    public init() {}

    func isSuspicious(consumed: Int, decoded: Int) -> Bool {
        decoded > decodedPrefix / 4 && decoded / max(consumed, 1) >= ratio
    }
}
