import NIOCore

extension [ByteBuffer] {
    /// Keeps a piece until it may be sent on. A short one is copied to the one before it: as a slice it would keep the
    /// whole buffer that it was received in, and a body that comes byte by byte thousands of those.
    mutating func hold(_ piece: ByteBuffer) {
        guard piece.readableBytes < 2048, var last = popLast() else { return append(piece) }
        last.writeImmutableBuffer(piece)
        append(last)
    }
}
