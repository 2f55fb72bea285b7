import CBrotli
import NIOCore

/// Decodes `br` (RFC 7932) with windows of up to 16 MiB, which is all that the RFC has; the "large window" extension
/// stays off, as in browsers.
///
/// The format has no checksum and no frames: the stream says itself where it ends, and what follows is dropped, as
/// Chromium and Firefox do.
final class BrotliDecoder: StreamDecoder {
    private(set) var isAtEnd = false
    private let state: OpaquePointer

    /// `nil` when there is no memory for it.
    init?() {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
        self.state = state
    }

    deinit { BrotliDecoderDestroyInstance(state) }

    func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> DecodingStep {
        if isAtEnd {
            input.clear()
            return .drained
        }
        var result = BROTLI_DECODER_RESULT_ERROR
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: stepSize) { space in
            var nextOut = space.bindMemory(to: UInt8.self).baseAddress
            var availableOut = min(space.count, stepSize)
            let size = availableOut
            input.readWithUnsafeReadableBytes { bytes in
                var nextIn = bytes.bindMemory(to: UInt8.self).baseAddress
                var availableIn = bytes.count
                result = BrotliDecoderDecompressStream(
                    state, &availableIn, &nextIn, &availableOut, &nextOut, nil)
                return bytes.count - availableIn
            }
            return size - availableOut
        }
        switch result {
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return .drained
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return .unfinished
        case BROTLI_DECODER_RESULT_SUCCESS:
            isAtEnd = true
            input.clear()
            return .drained
        default: return .damaged
        }
    }
}
