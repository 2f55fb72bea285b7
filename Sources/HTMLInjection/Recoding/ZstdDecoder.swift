import CZstd
import NIOCore

/// Decodes `zstd` (RFC 8878, RFC 9659): any number of frames, skippable ones passed over, their checksums verified.
/// Other bytes after a frame are an error, as for browsers.
final class ZstdDecoder: StreamDecoder {
    private(set) var isAtEnd = false
    private let context: OpaquePointer
    /// A recipient has to grant a window of 8 MiB, and a sender may not ask for more (RFC 9659 §3).
    private static let largestWindowLog: Int32 = 23

    /// `nil` when there is no memory for it.
    init?() {
        guard let context = ZSTD_createDCtx() else { return nil }
        self.context = context
        guard ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.largestWindowLog)) == 0 else {
            ZSTD_freeDCtx(context)
            return nil
        }
    }

    deinit { ZSTD_freeDCtx(context) }

    func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> DecodingStep {
        // Without input the library would begin another frame.
        if isAtEnd, input.readableBytes == 0 { return .drained }
        var hint = 0
        var isFull = false
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: stepSize) { space in
            var written = ZSTD_outBuffer(dst: space.baseAddress, size: min(space.count, stepSize), pos: 0)
            input.readWithUnsafeReadableBytes { bytes in
                var read = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
                hint = ZSTD_decompressStream(context, &written, &read)
                return read.pos
            }
            isFull = written.pos == written.size
            return written.pos
        }
        guard ZSTD_isError(hint) == 0 else { return .damaged }
        isAtEnd = hint == 0
        // A full output may hide more, even when the input is used up.
        return input.readableBytes > 0 || (isFull && !isAtEnd) ? .unfinished : .drained
    }
}
