/// Bounds of what a ``RecodingInjector`` holds and decodes.
public struct RecodingLimits: Equatable, Sendable {
    /// Decoded bytes to look at for the insertion point.
    public var decodedPrefix = 64 * 1024
    /// Encoded bytes to hold until it is found.
    public var heldBytes = 128 * 1024
    /// How many bytes one encoded byte may stand for before the insertion point, once the decoded prefix is longer than
    /// a quarter of its bound.
    public var prefixRatio = 500
    /// How many bytes one encoded byte may stand for in the whole body, once ``bodyAllowance`` is used up. A few bytes of
    /// brotli or zstd may stand for megabytes, and all that one read of them stands for is encoded and held at once.
    public var bodyRatio = 250
    /// Decoded bytes that a body may have whatever their ratio.
    public var bodyAllowance = 8 << 20

    /// The default bounds: 64 KiB decoded, 128 KiB encoded, ratio 500; then ratio 250 beyond 8 MiB.
    public init() {}

    func isSuspiciousPrefix(consumed: Int, decoded: Int) -> Bool {
        decoded > decodedPrefix / 4 && decoded / max(consumed, 1) >= prefixRatio
    }

    func isSuspiciousBody(consumed: Int, decoded: Int) -> Bool {
        decoded > bodyAllowance && decoded / max(consumed, 1) > bodyRatio
    }
}
