import CZlib
import NIOCore

/// A streaming gzip encoder over zlib: one member, without name, time or other optional header fields.
final class GzipEncoder {
    /// On the heap, because zlib keeps the address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = ByteBuffer()
    private static let pieceSize = 16 * 1024

    /// `nil` when there is no memory for it.
    init?(level: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard tombolo_deflateInit2(stream, level, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Encodes all of `bytes`; what comes out before the next flush is up to zlib. `false` for an error of zlib.
    func encode(_ bytes: inout ByteBuffer, into out: inout [ByteBuffer]) -> Bool {
        while bytes.readableBytes > 0 {
            var isFine = true
            bytes.readWithUnsafeReadableBytes { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                let given = Int(stream.pointee.avail_in)
                isFine = run(Z_NO_FLUSH, into: &out)
                return given - Int(stream.pointee.avail_in)
            }
            guard isFine else { return false }
        }
        return true
    }

    /// Brings out everything encoded so far: `Z_SYNC_FLUSH` on a byte boundary, `Z_FINISH` with the trailer. `false`
    /// for an error of zlib.
    func flush(_ mode: Int32, into out: inout [ByteBuffer]) -> Bool {
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
        guard run(mode, into: &out) else { return false }
        if output.readableBytes > 0 {
            out.append(output)
            output = ByteBuffer()
        }
        return true
    }

    /// Calls zlib until it leaves room in the output: then it has nothing more to say.
    private func run(_ mode: Int32, into out: inout [ByteBuffer]) -> Bool {
        while true {
            var status = Z_OK
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: 2048) { space in
                stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(clamping: space.count)
                let given = Int(stream.pointee.avail_out)
                status = deflate(stream, mode)
                return given - Int(stream.pointee.avail_out)
            }
            switch status {
            case Z_STREAM_END: return true
            // No progress possible: nothing came since the last flush, or it had just filled a buffer.
            case Z_BUF_ERROR: return mode != Z_FINISH
            case Z_OK: break
            default: return false
            }
            if stream.pointee.avail_out > 0, mode != Z_FINISH { return true }
            if output.readableBytes >= Self.pieceSize {
                out.append(output)
                output = ByteBuffer()
            }
        }
    }
}
