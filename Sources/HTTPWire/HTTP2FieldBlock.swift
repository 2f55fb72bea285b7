public import NIOCore

/// The field section of a response in HPACK (RFC 7541), put together from HTTP/1.1's field lines.
///
/// Every field is a literal without indexing (§6.2.2), its name from the static table where that has it: nothing has to be
/// remembered on either side, no secret is compressed with what an attacker chooses (§7.1), and the bytes of the values
/// stay as the app has sent them, also where they are no UTF-8.
public struct HTTP2FieldBlock {
    /// What has been put together so far.
    public private(set) var bytes = ByteBuffer()

    /// The section of a response's head, with its `:status`.
    public init(status: Int) { begin(status: status) }

    /// Begins anew, with another response's section. Memory that was taken is used again, but for that of an unusual one.
    public mutating func restart(status: Int) {
        if bytes.storageCapacity > 16 * 1024 { bytes = ByteBuffer() } else { bytes.clear() }
        begin(status: status)
    }

    private mutating func begin(status: Int) {
        bytes.reserveCapacity(512)
        switch status {
        case 200: bytes.writeInteger(0x88 as UInt8)
        case 204: bytes.writeInteger(0x89 as UInt8)
        case 206: bytes.writeInteger(0x8A as UInt8)
        case 304: bytes.writeInteger(0x8B as UInt8)
        case 400: bytes.writeInteger(0x8C as UInt8)
        case 404: bytes.writeInteger(0x8D as UInt8)
        case 500: bytes.writeInteger(0x8E as UInt8)
        default:
            bytes.writeInteger(0x08 as UInt8)
            writeDecimal(status)
        }
    }

    /// Adds every field of `head` that has not been taken out and that HTTP/2 knows.
    public mutating func add(_ head: ResponseHead) {
        head.bytes.withUnsafeReadableBytes { all in
            let most = all.count + head.fields.count * Self.mostOverhead
            bytes.write(atMost: most) { writer in
                for field in head.fields where !field.isRemoved && Self.isAllowed(field.known) {
                    Self.write(all.clamped(field.name), all.clamped(field.value), field.known, into: &writer)
                }
            }
        }
    }

    /// Adds lines that were made here: `Name: value` and CRLF, again and again. What is no such line is left out with all
    /// that follows it.
    public mutating func add(_ lines: ByteBuffer) {
        guard lines.readableBytes > 0 else { return }
        lines.withUnsafeReadableBytes { all in
            var reader = HeadLines(limits: HeadLimits(maxBytes: .max, maxFields: .max, maxLine: .max))
            do throws(HTTPWireError.Kind) {
                while let line = try reader.next(in: all, tooLong: .fieldLineTooLong), !line.isEmpty {
                    let field = try FieldLine.parse(all, line)
                    guard Self.isAllowed(field.known) else { continue }
                    let (name, value) = (all.clamped(field.name), all.clamped(field.value))
                    bytes.write(atMost: name.count + value.count + Self.mostOverhead) { writer in
                        Self.write(name, value, field.known, into: &writer)
                    }
                }
            } catch {
                // A line of our own that is none cannot be sent; the ones before it are still right.
                return
            }
        }
    }

    /// Adds `content-length`.
    public mutating func add(length: Int) {
        bytes.write(atMost: Self.mostOverhead) { Self.writeInteger(28, prefix: 4, flags: 0, into: &$0) }
        writeDecimal(length)
    }

    // MARK: - Writing

    /// What a field needs at most besides its name and value: a byte, and two numbers.
    private static let mostOverhead = 1 + 2 * 11

    private static func write(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ known: FieldName,
        into writer: inout RawWriter
    ) {
        if let index = staticIndex(known) {
            // What is secret is not to be indexed by anybody on the way, either (§6.2.3).
            writeInteger(index, prefix: 4, flags: known == .setCookie ? 0x10 : 0, into: &writer)
        } else {
            writer.write(0 as UInt8)
            writeInteger(name.count, prefix: 7, flags: 0, into: &writer)
            writer.writeLowercased(name)
        }
        writeInteger(value.count, prefix: 7, flags: 0, into: &writer)
        writer.write(value)
    }

    private mutating func writeDecimal(_ number: Int) {
        var digits = String(number)
        digits.withUTF8 { digits in
            bytes.write(atMost: digits.count + Self.mostOverhead) { writer in
                Self.writeInteger(digits.count, prefix: 7, flags: 0, into: &writer)
                writer.write(UnsafeRawBufferPointer(digits))
            }
        }
    }

    /// RFC 7541 §5.1.
    private static func writeInteger(_ value: Int, prefix: Int, flags: UInt8, into writer: inout RawWriter) {
        let most = 1 << prefix - 1
        guard value >= most else { return writer.write(flags | UInt8(truncatingIfNeeded: value)) }
        writer.write(flags | UInt8(truncatingIfNeeded: most))
        var rest = value - most
        while rest >= 0x80 {
            writer.write(UInt8(truncatingIfNeeded: rest & 0x7F | 0x80))
            rest >>= 7
        }
        writer.write(UInt8(truncatingIfNeeded: rest))
    }

    /// Where the name is in the static table (RFC 7541, appendix A).
    private static func staticIndex(_ name: FieldName) -> Int? {
        switch name {
        case .acceptRanges: 18
        case .age: 21
        case .cacheControl: 24
        case .contentDisposition: 25
        case .contentEncoding: 26
        case .contentLanguage: 27
        case .contentLength: 28
        case .contentLocation: 29
        case .contentRange: 30
        case .contentType: 31
        case .date: 33
        case .etag: 34
        case .expires: 36
        case .lastModified: 44
        case .location: 46
        case .refresh: 52
        case .retryAfter: 53
        case .server: 54
        case .setCookie: 55
        case .vary: 59
        case .via: 60
        case .wwwAuthenticate: 61
        default: nil
        }
    }

    /// Fields of one connection have no place in HTTP/2 (RFC 9113 §8.2.2).
    private static func isAllowed(_ name: FieldName) -> Bool {
        switch name {
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade, .te, .http2Settings: false
        default: true
        }
    }
}
