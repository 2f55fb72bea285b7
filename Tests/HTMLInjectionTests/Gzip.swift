import CZlib

/// Gzip members for the tests, with the header fields and block types that real servers send.
enum Gzip {
    /// Optional header fields (RFC 1952 §2.3.1).
    struct Header: OptionSet, Sendable {
        let rawValue: UInt8
        static let text = Header(rawValue: 1)
        static let crc = Header(rawValue: 2)
        static let extra = Header(rawValue: 4)
        static let name = Header(rawValue: 8)
        static let comment = Header(rawValue: 16)
    }

    /// What an encoder can be told.
    struct Settings: Sendable {
        var level: Int32 = 6
        var strategy: Int32 = Z_DEFAULT_STRATEGY
        /// The window's size as a power of two, 9...15.
        var window: Int32 = 15
        var memory: Int32 = 8
        /// Flushes with these in turn, each after so many bytes.
        var flushes: [Int32] = []
        var flushEvery = Int.max
    }

    static func member(
        _ bytes: [UInt8], level: Int32 = 6, strategy: Int32 = Z_DEFAULT_STRATEGY, header: Header = [],
        flushEvery: Int? = nil
    ) -> [UInt8] {
        var settings = Settings(level: level, strategy: strategy)
        if let flushEvery {
            settings.flushes = [Z_SYNC_FLUSH]
            settings.flushEvery = flushEvery
        }
        return member(bytes, settings, header: header)
    }

    static func member(_ bytes: [UInt8], _ settings: Settings, header: Header = []) -> [UInt8] {
        member(bytes, stream: deflated(bytes, settings, windowBits: -settings.window), header: header)
    }

    /// A member around a deflate stream.
    static func member(_ bytes: [UInt8], stream: [UInt8], header: Header = []) -> [UInt8] {
        var out: [UInt8] = [0x1F, 0x8B, 8, header.rawValue, 1, 2, 3, 4, 0, 3]
        if header.contains(.extra) { out += [5, 0, 0x41, 0x42, 1, 0, 0xFF] }
        if header.contains(.name) { out += Array("index.html".utf8) + [0] }
        if header.contains(.comment) { out += Array("made by a test".utf8) + [0] }
        if header.contains(.crc) { out += littleEndian(UInt32(checksum(out)), 2) }
        out += stream
        out += littleEndian(UInt32(checksum(bytes)), 4)
        out += littleEndian(UInt32(truncatingIfNeeded: bytes.count), 4)
        return out
    }

    static func checksum(_ bytes: [UInt8]) -> UInt {
        bytes.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
    }

    static func littleEndian(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    /// What zlib makes of bytes; negative `windowBits` for a bare deflate stream, positive ones for zlib's format.
    static func deflated(_ bytes: [UInt8], _ settings: Settings, windowBits: Int32) -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        precondition(
            tombolo_deflateInit2(stream, settings.level, windowBits, settings.memory, settings.strategy) == Z_OK)
        defer { deflateEnd(stream) }
        var out: [UInt8] = []
        let size = max(min(settings.flushEvery, bytes.count), 1)
        var flushes = 0
        for start in stride(from: 0, to: max(bytes.count, 1), by: size) {
            var piece = Array(bytes[start..<min(start + size, bytes.count)])
            var mode = start + size >= bytes.count ? Z_FINISH : Z_NO_FLUSH
            if mode != Z_FINISH, !settings.flushes.isEmpty {
                mode = settings.flushes[flushes % settings.flushes.count]
                flushes += 1
            }
            piece.withUnsafeMutableBufferPointer { input in
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = UInt32(input.count)
                repeat {
                    out += [UInt8](unsafeUninitializedCapacity: 65536) { space, count in
                        stream.pointee.next_out = space.baseAddress
                        stream.pointee.avail_out = 65536
                        deflate(stream, mode)
                        count = 65536 - Int(stream.pointee.avail_out)
                    }
                } while stream.pointee.avail_out == 0
            }
        }
        return out
    }

    /// What a strict reader of one member gets: `nil` unless the member is whole, its trailer right and nothing follows.
    static func opened(_ bytes: [UInt8]) -> [UInt8]? {
        let (out, isComplete, rest) = begun(bytes)
        return isComplete && rest == 0 ? out : nil
    }

    /// What can be read of a member so far, whether it is complete, and how many bytes follow it.
    ///
    /// `windowBits` is 15 + 16 for gzip, 9...15 for zlib's format with at most such a window, -15 for a bare stream.
    static func begun(_ bytes: [UInt8], windowBits: Int32 = 15 + 16) -> (
        bytes: [UInt8], isComplete: Bool, rest: Int
    ) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        precondition(tombolo_inflateInit2(stream, windowBits) == Z_OK)
        defer { inflateEnd(stream) }
        var input = bytes
        var out: [UInt8] = []
        var status = Z_OK
        input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                out += [UInt8](unsafeUninitializedCapacity: 65536) { space, count in
                    stream.pointee.next_out = space.baseAddress
                    stream.pointee.avail_out = 65536
                    status = inflate(stream, Z_NO_FLUSH)
                    count = 65536 - Int(stream.pointee.avail_out)
                }
            } while status == Z_OK
        }
        return (out, status == Z_STREAM_END, Int(stream.pointee.avail_in))
    }
}
