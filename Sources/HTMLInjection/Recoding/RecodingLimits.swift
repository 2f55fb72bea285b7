/// Bounds of what a ``RecodingInjector`` holds and decodes.
public struct RecodingLimits: Equatable, Sendable {
    /// Decoded bytes to look at for the insertion point.
    public var decodedPrefix = 64 * 1024
    /// Encoded bytes to hold until it is found.
    public var heldBytes = 128 * 1024
    /// How many bytes one encoded byte may stand for before the insertion point, once the decoded prefix is longer than
    /// a quarter of its bound.
    public var prefixRatio = 500
    /// How many bytes one encoded byte may stand for in the whole body, once ``bodyAllowance`` is used up. Where
    /// deflate cannot exceed 1032, a few bytes of brotli or zstd may stand for megabytes, and a full socket buffer of
    /// them would keep the event loop busy for minutes. The default lets pass what any gzip body may have.
    public var bodyRatio = 1032
    /// Decoded bytes that a body may have whatever their ratio.
    public var bodyAllowance = 64 << 20

    /// The default bounds: 64 KiB decoded, 128 KiB encoded, ratio 500; then ratio 1032 beyond 64 MiB.
    public init() {}

    func isSuspiciousPrefix(consumed: Int, decoded: Int) -> Bool {
        decoded > decodedPrefix / 4 && decoded / max(consumed, 1) >= prefixRatio
    }

    func isSuspiciousBody(consumed: Int, decoded: Int) -> Bool {
        decoded > bodyAllowance && decoded / max(consumed, 1) > bodyRatio
    }
}
