import CZlib
import NIOCore

/// A streaming gzip decoder over zlib, for any number of members. zlib checks each member's header checksum, CRC-32 and
/// length (RFC 1952 §2.3).
final class GzipDecoder {
    /// One bounded step.
    struct Step {
        /// What is left of the input; `nil` when all of it has been taken and all of its output has been given.
        var rest: ByteBuffer?
        var isDamaged = false

        static let damaged = Step(rest: nil, isDamaged: true)
    }

    /// Whether the input may end here: at least one member is complete and no other has begun.
    private(set) var isAtMemberEnd = false
    /// Encoded bytes taken so far.
    private(set) var consumedBytes = 0
    /// The bytes after a member are looked at one by one: `1f 8b` begins another, everything else is padding.
    private var magicBytesSeen = 0
    private var isPadding = false
    /// On the heap, because zlib keeps the address.
    private let stream: UnsafeMutablePointer<z_stream>
    private static let stepSize = 16 * 1024

    /// `nil` when there is no memory for it.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard tombolo_inflateInit2(stream, 15 + 16) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Decodes up to 16 KiB of output.
    func decode(_ input: ByteBuffer, into output: inout ByteBuffer) -> Step {
        var input = input
        if isAtMemberEnd {
            guard takeBetweenMembers(&input) else { return .damaged }
            if isAtMemberEnd { return Step(rest: nil) }
        }
        let available = input.readableBytes
        var status = Z_OK
        var isOutputFull = false
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.stepSize) { space in
            let size = min(space.count, Self.stepSize)
            stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(clamping: size)
            input.readWithUnsafeReadableBytes { bytes in
                run(bytes, &status)
            }
            isOutputFull = stream.pointee.avail_out == 0
            return size - Int(stream.pointee.avail_out)
        }
        consumedBytes += available - input.readableBytes
        switch status {
        case Z_STREAM_END:
            isAtMemberEnd = true
            magicBytesSeen = 0
            return Step(rest: input.readableBytes > 0 ? input : nil)
        case Z_OK, Z_BUF_ERROR:
            // A full output buffer may hide more output, even when the input is used up.
            return Step(rest: input.readableBytes > 0 || isOutputFull ? input : nil)
        default: return .damaged
        }
    }

    private func run(_ bytes: UnsafeRawBufferPointer, _ status: inout Int32) -> Int {
        // zlib does not write to its input; its header only lacks the `const`.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(clamping: bytes.count)
        let given = Int(stream.pointee.avail_in)
        status = inflate(stream, Z_NO_FLUSH)
        return given - Int(stream.pointee.avail_in)
    }

    /// Looks for the start of another member; `isAtMemberEnd` is false when there is one. `false` for an error of zlib.
    private func takeBetweenMembers(_ input: inout ByteBuffer) -> Bool {
        while !isPadding, magicBytesSeen < 2, let byte = input.readInteger(as: UInt8.self) {
            isPadding = byte != (magicBytesSeen == 0 ? 0x1F : 0x8B)
            magicBytesSeen += 1
        }
        guard !isPadding, magicBytesSeen == 2 else { return true }
        isAtMemberEnd = false
        guard inflateReset(stream) == Z_OK else { return false }
        var discarded = ByteBuffer()
        // The two bytes may have come in a piece that is gone.
        return !decode(ByteBuffer(bytes: [0x1F, 0x8B]), into: &discarded).isDamaged
    }
}
