import CZlib
import FuzzSupport

/// zlib's compressor, without an envelope.
final class Compressor {
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8] = []

    /// With zlib's own ranges: 0...9, 9...15, 1...9, 0...4.
    init(level: Int, windowBits: Int, memoryLevel: Int, strategy: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = tombolo_deflateInit2(
            stream, Int32(level), Int32(-windowBits), Int32(memoryLevel), Int32(strategy))
        check(status == Z_OK, "zlib refuses its settings: \(status)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func add(_ bytes: [UInt8]) {
        var bytes = bytes
        bytes.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            run(Z_NO_FLUSH)
        }
    }

    func flush(_ kind: Int32) { run(kind) }

    /// Goes on with other settings, from a new block on.
    func change(level: Int, strategy: Int) {
        drain { deflateParams(stream, Int32(level), Int32(strategy)) }
    }

    func finish() -> [UInt8] {
        run(Z_FINISH)
        return output
    }

    private func run(_ flush: Int32) { drain { deflate(stream, flush) } }

    /// Calls zlib until it leaves room in the output.
    private func drain(_ call: () -> Int32) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { space in
            repeat {
                stream.pointee.next_out = space.baseAddress
                stream.pointee.avail_out = UInt32(space.count)
                let status = call()
                check([Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(status), "zlib fails: \(status)")
                output += space.prefix(space.count - Int(stream.pointee.avail_out))
            } while stream.pointee.avail_out == 0
        }
    }
}
