import CBrotli
import CZstd
import HTMLInjection

/// Bodies in `br` and `zstd` for the tests, as servers with all kinds of settings send them.
enum Recoded {
    /// What a strict reader has got so far.
    struct Reading: Equatable {
        var bytes: [UInt8] = []
        /// Whether the body is complete and nothing follows.
        var isComplete = false
        var isDamaged = false
    }

    static func body(_ bytes: [UInt8], _ format: RecodedFormat) -> [UInt8] {
        switch format {
        case .brotli: brotli(bytes)
        case .zstd: zstd(bytes)
        }
    }

    static func read(_ bytes: [UInt8], _ format: RecodedFormat) -> Reading {
        switch format {
        case .brotli: readBrotli(bytes)
        case .zstd: readZstd(bytes)
        }
    }

    /// What a strict reader of a whole body gets; `nil` if it is not whole.
    static func opened(_ bytes: [UInt8], _ format: RecodedFormat) -> [UInt8]? {
        let reading = read(bytes, format)
        return reading.isComplete ? reading.bytes : nil
    }

    // MARK: Brotli

    static func brotli(
        _ bytes: [UInt8], quality: UInt32 = 5, window: UInt32 = 18, flushEvery: Int? = nil, isLarge: Bool = false
    ) -> [UInt8] {
        let state = BrotliEncoderCreateInstance(nil, nil, nil)
        defer { BrotliEncoderDestroyInstance(state) }
        BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, quality)
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LARGE_WINDOW, isLarge ? 1 : 0)
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window)
        var out: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65536)
        for (piece, isLast) in pieces(bytes, every: flushEvery) {
            piece.withUnsafeBufferPointer { input in
                var nextIn = input.baseAddress
                var availableIn = input.count
                repeat {
                    let count = space.withUnsafeMutableBufferPointer { space in
                        var nextOut = space.baseAddress
                        var availableOut = space.count
                        BrotliEncoderCompressStream(
                            state, isLast ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH, &availableIn, &nextIn,
                            &availableOut, &nextOut, nil)
                        return space.count - availableOut
                    }
                    out += space[..<count]
                } while availableIn > 0 || BrotliEncoderHasMoreOutput(state) == BROTLI_TRUE
            }
        }
        return out
    }

    private static func readBrotli(_ bytes: [UInt8]) -> Reading {
        let state = BrotliDecoderCreateInstance(nil, nil, nil)
        defer { BrotliDecoderDestroyInstance(state) }
        var reading = Reading()
        var space = [UInt8](repeating: 0, count: 65536)
        bytes.withUnsafeBufferPointer { input in
            var nextIn = input.baseAddress
            var availableIn = input.count
            var result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT
            while result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT {
                let count = space.withUnsafeMutableBufferPointer { space in
                    var nextOut = space.baseAddress
                    var availableOut = space.count
                    result = BrotliDecoderDecompressStream(
                        state, &availableIn, &nextIn, &availableOut, &nextOut, nil)
                    return space.count - availableOut
                }
                reading.bytes += space[..<count]
            }
            reading.isComplete = result == BROTLI_DECODER_RESULT_SUCCESS && availableIn == 0
            reading.isDamaged = result == BROTLI_DECODER_RESULT_ERROR
        }
        return reading
    }

    // MARK: Zstd

    static func zstd(
        _ bytes: [UInt8], level: Int32 = 3, window: Int32? = nil, hasChecksum: Bool = true, flushEvery: Int? = nil
    ) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, hasChecksum ? 1 : 0)
        if let window { ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window) }
        var out: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65536)
        for (piece, isLast) in pieces(bytes, every: flushEvery) {
            piece.withUnsafeBytes { input in
                var read = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                var remaining = 0
                repeat {
                    let count = space.withUnsafeMutableBytes { space in
                        var written = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
                        remaining = ZSTD_compressStream2(context, &written, &read, isLast ? ZSTD_e_end : ZSTD_e_flush)
                        return written.pos
                    }
                    precondition(ZSTD_isError(remaining) == 0)
                    out += space[..<count]
                } while remaining > 0
            }
        }
        return out
    }

    /// A skippable frame (RFC 8878 §3.1.2).
    static func skippable(_ bytes: [UInt8], magic: UInt8 = 0x50) -> [UInt8] {
        [magic, 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    private static func readZstd(_ bytes: [UInt8]) -> Reading {
        let context = ZSTD_createDCtx()
        defer { ZSTD_freeDCtx(context) }
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
        var reading = Reading()
        var space = [UInt8](repeating: 0, count: 65536)
        bytes.withUnsafeBytes { input in
            var read = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
            var hint = 1
            var isFull = false
            while read.pos < read.size || (isFull && hint != 0) {
                let count = space.withUnsafeMutableBytes { space in
                    var written = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
                    hint = ZSTD_decompressStream(context, &written, &read)
                    return written.pos
                }
                reading.bytes += space[..<count]
                isFull = count == space.count
                reading.isDamaged = ZSTD_isError(hint) != 0
                if reading.isDamaged { break }
            }
            reading.isComplete = hint == 0 && read.pos == read.size
        }
        return reading
    }

    private static func pieces(_ bytes: [UInt8], every size: Int?) -> [(bytes: ArraySlice<UInt8>, isLast: Bool)] {
        let size = max(size ?? bytes.count, 1)
        return stride(from: 0, to: max(bytes.count, 1), by: size).map {
            (bytes[$0..<min($0 + size, bytes.count)], $0 + size >= bytes.count)
        }
    }
}
