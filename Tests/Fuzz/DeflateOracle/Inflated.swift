internal import CZlib
public import HTMLInjection

/// What zlib makes of a compressed body.
public struct Inflated: Equatable {
    /// How a body ends.
    public enum End: Equatable { case complete, incomplete, damaged }

    /// The decoded bytes, as far as there are any.
    public private(set) var bytes: [UInt8] = []
    /// Whether it is all there, and as its checksum says.
    public private(set) var end = End.incomplete
    /// How many bytes the body has; what follows is not part of it.
    public private(set) var consumed = 0

    /// Decodes the first member of a gzip body, or a zlib or bare deflate stream.
    public init(_ body: [UInt8], as format: DeflateFormat) {
        self.init(body, windowBits: Self.windowBits(body, format))
    }

    /// Decodes a deflate stream that has no envelope.
    public init(bareStream body: [UInt8]) { self.init(body, windowBits: -15) }

    /// - Parameter windowBits: by this zlib tells the formats apart.
    private init(_ body: [UInt8], windowBits: Int32) {
        var body = body
        var stream = z_stream()
        guard tombolo_inflateInit2(&stream, windowBits) == Z_OK else { fatalError("no memory") }
        defer { inflateEnd(&stream) }
        body.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var status = Z_OK
            while status == Z_OK { status = step(&stream) }
            end = status == Z_STREAM_END ? .complete : status == Z_BUF_ERROR ? .incomplete : .damaged
            consumed = input.count - Int(stream.avail_in)
        }
    }

    private mutating func step(_ stream: inout z_stream) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { space in
            stream.next_out = space.baseAddress
            stream.avail_out = UInt32(space.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            bytes += space.prefix(space.count - Int(stream.avail_out))
            return status
        }
    }

    private static func windowBits(_ body: [UInt8], _ format: DeflateFormat) -> Int32 {
        if format == .gzip { return 15 + 16 }
        guard body.count >= 2 else { return 15 }
        let isZlib = body[0] & 15 == 8 && body[0] >> 4 <= 7 && (Int(body[0]) << 8 | Int(body[1])) % 31 == 0
        return isZlib ? 15 : -15
    }
}

/// The checksums of the two trailers.
public func trailer(of data: [UInt8], isGzip: Bool) -> [UInt8] {
    let sum = isGzip ? crc32(0, data, UInt32(data.count)) : adler32(1, data, UInt32(data.count))
    let checksum = UInt32(truncatingIfNeeded: sum)
    func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
    return isGzip
        ? bytes(checksum.littleEndian) + bytes(UInt32(data.count).littleEndian) : bytes(checksum.bigEndian)
}
