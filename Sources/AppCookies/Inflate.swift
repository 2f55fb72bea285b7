import CZlib

/// Decompression with a bound on what comes out.
enum Inflate {
    /// Decodes one zlib stream (RFC 1950) that takes up all of `bytes`.
    static func zlib(_ bytes: [UInt8], limit: Int) -> Result<[UInt8], PayloadError> {
        var stream = z_stream()
        // zlib keeps the address of its stream, so all of its calls are made within one access.
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard tombolo_inflateInit2(stream, 15) == Z_OK else { return .failure(PayloadError(.badCompression)) }
            defer { inflateEnd(stream) }
            return bytes.withUnsafeBufferPointer { input in
                // zlib does not write to its input; its header only lacks the `const`.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                return run(stream, limit: limit)
            }
        }
    }

    private static func run(_ stream: UnsafeMutablePointer<z_stream>, limit: Int) -> Result<[UInt8], PayloadError> {
        var output: [UInt8] = []
        while true {
            var status = Z_OK
            let piece = [UInt8](unsafeUninitializedCapacity: 4096) { space, count in
                stream.pointee.next_out = space.baseAddress
                stream.pointee.avail_out = UInt32(clamping: space.count)
                let given = Int(stream.pointee.avail_out)
                status = inflate(stream, Z_NO_FLUSH)
                count = given - Int(stream.pointee.avail_out)
            }
            output += piece
            guard output.count <= limit else { return .failure(PayloadError(.tooLarge)) }
            if status == Z_STREAM_END { break }
            // Without progress the input is cut off.
            guard status == Z_OK, !piece.isEmpty || stream.pointee.avail_in > 0 else {
                return .failure(PayloadError(.badCompression))
            }
        }
        return stream.pointee.avail_in == 0 ? .success(output) : .failure(PayloadError(.badCompression))
    }
}
