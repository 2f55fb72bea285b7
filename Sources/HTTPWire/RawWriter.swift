internal import NIOCore

/// Writes pieces one behind the other into space whose size was reckoned before: where many small ones make a text, looking
/// at the buffer anew for each would cost more than the copying.
///
/// What does not fit is left out: should a size ever be reckoned wrongly, one message is broken, and not every connection.
struct RawWriter {
    private let space: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    fileprivate init(_ space: UnsafeMutableRawBufferPointer) { self.space = space }

    @inline(__always)
    mutating func write(_ byte: UInt8) {
        guard count < space.count else { return }
        space[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let from = bytes.baseAddress, let to = space.baseAddress, bytes.count <= space.count - count else {
            return
        }
        (to + count).copyMemory(from: from, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func write(_ buffer: ByteBuffer) { buffer.withUnsafeReadableBytes { write($0) } }

    /// Names in lower case (RFC 9113 §8.2.1).
    mutating func writeLowercased(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { write(ASCII.lowercased(byte)) }
    }
}

extension ByteBuffer {
    /// Appends what `body` writes, which must not be more than `count` bytes.
    @inline(__always)
    mutating func write(atMost count: Int, _ body: (inout RawWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            var writer = RawWriter(space)
            body(&writer)
            return writer.count
        }
    }
}
