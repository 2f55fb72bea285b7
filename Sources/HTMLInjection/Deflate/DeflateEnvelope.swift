import CZlib

/// What a content coding made of deflate is called in HTTP.
public enum DeflateFormat: Sendable {
    /// `gzip`, and `x-gzip`: RFC 1952.
    case gzip
    /// `deflate`: zlib's format (RFC 1950), as HTTP means it (RFC 9110 §8.4.1.2), or a bare deflate stream (RFC 1951), as
    /// some servers send it. The first two bytes tell them apart.
    case deflate
}

/// What stands around a deflate stream: a header before it, and a trailer with a checksum of the decoded data.
struct DeflateEnvelope {
    private enum Kind {
        case gzip, zlib, raw
    }

    /// The parts of a gzip header (RFC 1952 §2.3) in their order.
    private enum GzipPart: Int, Comparable {
        case fixed, extraLength, extra, name, comment, checksum, over

        static func < (one: GzipPart, other: GzipPart) -> Bool { one.rawValue < other.rawValue }
    }

    private var kind: Kind
    private let format: DeflateFormat
    /// The bytes of the header, as far as they are known.
    private(set) var headerLength = 0
    /// How far back the header lets a match reach.
    private(set) var window = DeflateAlphabet.window
    private var part = GzipPart.fixed
    private var partLength = 0
    private var extraLength = 0
    private var flags: UInt8 = 0

    init(_ format: DeflateFormat) {
        self.format = format
        kind = format == .gzip ? .gzip : .zlib
    }

    /// The trailer's length in bytes.
    var trailerLength: Int {
        switch kind {
        case .gzip: 8
        case .zlib: 4
        case .raw: 0
        }
    }

    /// Reads on in the header.
    mutating func readHeader(_ input: borrowing InputBuffer) -> DeflateReader.Step {
        switch format {
        case .gzip:
            while part != .over {
                guard headerLength < input.count else { return .needMore }
                guard takeGzip(input.bytes[headerLength]) else { return .damaged }
                headerLength += 1
            }
            return isHeaderChecksumRight(input) ? .done : .damaged
        case .deflate:
            guard input.count >= 2 else { return .needMore }
            return readZlib(input.bytes[0], input.bytes[1])
        }
    }

    /// CMF and FLG (RFC 1950 §2.2). A stream that needs a dictionary is left alone.
    private mutating func readZlib(_ method: UInt8, _ flags: UInt8) -> DeflateReader.Step {
        let isZlib = method & 15 == 8 && method >> 4 <= 7 && (Int(method) << 8 | Int(flags)) % 31 == 0
        guard isZlib else {
            kind = .raw
            return .done
        }
        guard flags & 0x20 == 0 else { return .damaged }
        window = 1 << (Int(method >> 4) + 8)
        headerLength = 2
        return .done
    }

    /// Takes one byte of a gzip header; `false` for one that cannot be.
    private mutating func takeGzip(_ byte: UInt8) -> Bool {
        partLength += 1
        switch part {
        case .fixed:
            switch partLength {
            case 1: guard byte == 0x1F else { return false }
            case 2: guard byte == 0x8B else { return false }
            case 3: guard byte == 8 else { return false }
            case 4:
                guard byte & 0xE0 == 0 else { return false }
                flags = byte
            default: break
            }
            if partLength == 10 { nextPart() }
        case .extraLength:
            extraLength |= Int(byte) << (8 * (partLength - 1))
            if partLength == 2 { nextPart() }
        case .extra: if partLength == extraLength { nextPart() }
        case .name, .comment: if byte == 0 { nextPart() }
        case .checksum: if partLength == 2 { nextPart() }
        case .over: return false
        }
        return true
    }

    private mutating func nextPart() {
        partLength = 0
        if part < .extraLength, flags & 4 != 0 {
            part = .extraLength
        } else if part == .extraLength, extraLength > 0 {
            part = .extra
        } else if part < .name, flags & 8 != 0 {
            part = .name
        } else if part < .comment, flags & 16 != 0 {
            part = .comment
        } else if part < .checksum, flags & 2 != 0 {
            part = .checksum
        } else {
            part = .over
        }
    }

    /// The header's own checksum, if there is one: the low half of a CRC-32.
    private func isHeaderChecksumRight(_ input: borrowing InputBuffer) -> Bool {
        guard flags & 2 != 0 else { return true }
        let end = headerLength - 2
        let stated = UInt(input.bytes[end]) | UInt(input.bytes[end + 1]) << 8
        return crc32(0, input.bytes, UInt32(clamping: end)) & 0xFFFF == stated
    }

    /// The trailer of the data with a tag, from that of the data without it.
    ///
    /// Both checksums are linear: what the tag changes in them depends on what comes before it, on the tag, and on the
    /// length of what comes after it, and not on the bytes after it. So a right trailer stays right, and a wrong one
    /// wrong.
    ///
    /// - Parameters:
    ///   - trailer: the bytes of the trailer, as one little-endian number.
    ///   - prefix: the decoded data before the tag.
    ///   - suffixLength: the length of that after it.
    func trailer(_ trailer: UInt64, prefix: ArraySlice<UInt8>, tag: [UInt8], suffixLength: Int) -> UInt64 {
        switch kind {
        case .gzip:
            let before = Self.checksum(crc32, 0, prefix)
            let change = before ^ Self.checksum(crc32, before, tag[...])
            let sum = trailer & 0xFFFF_FFFF ^ UInt64(crc32_combine(change, 0, suffixLength))
            let length = UInt32(truncatingIfNeeded: trailer >> 32) &+ UInt32(truncatingIfNeeded: tag.count)
            return sum | UInt64(length) << 32
        case .zlib:
            let before = UInt64(Self.checksum(adler32, 1, prefix))
            let after = UInt64(Self.checksum(adler32, UInt(before), tag[...]))
            return Self.adler(UInt64(UInt32(truncatingIfNeeded: trailer).byteSwapped), before, after, suffixLength)
        case .raw: return trailer
        }
    }

    /// Adler-32 (RFC 1950 §8.2) is a sum of the bytes and a sum of those sums: each byte after the tag adds the change
    /// of the first to the second once more.
    private static func adler(_ total: UInt64, _ before: UInt64, _ after: UInt64, _ suffixLength: Int) -> UInt64 {
        let modulus: UInt64 = 65521
        // A sum at or above the modulus is wrong, and must not be made right.
        guard total & 0xFFFF < modulus, total >> 16 < modulus else { return UInt64(UInt32(total).byteSwapped) }
        let change = ((after & 0xFFFF) + modulus - (before & 0xFFFF)) % modulus
        let first = (total & 0xFFFF + change) % modulus
        let repeated = change * (UInt64(suffixLength) % modulus) % modulus
        let second = (total >> 16 + after >> 16 + modulus - before >> 16 + repeated) % modulus
        return UInt64(UInt32(second << 16 | first).byteSwapped)
    }

    private static func checksum(
        _ function: (UInt, UnsafePointer<UInt8>?, UInt32) -> UInt, _ start: UInt, _ bytes: ArraySlice<UInt8>
    ) -> UInt {
        // zlib takes a null pointer for a wish to start anew. Both a prefix and a tag are bounded, far below 4 GiB.
        bytes.isEmpty
            ? start : bytes.withUnsafeBufferPointer { function(start, $0.baseAddress, UInt32(clamping: $0.count)) }
    }
}
