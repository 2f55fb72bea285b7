/// Version 2: a signature, a command, a family, a length, addresses, and extras in type-length-value form (§2.2).
extension ProxyHeader {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixedLength = 16
    private static let checksumType: UInt8 = 0x03

    private enum Family { case ipv4, ipv6, unix, unspecified }

    static func readBinary(_ bytes: UnsafeRawBufferPointer) throws(ProxyHeaderError) -> ProxyHeader? {
        guard agree(bytes, with: signature) else { throw .absent }
        guard bytes.count > 12 else { return nil }
        let isLocal: Bool
        switch bytes[12] {
        case 0x20: isLocal = true
        case 0x21: isLocal = false
        default: throw .malformedBinary
        }
        guard bytes.count > 13 else { return nil }
        // What a proxy says of a connection of its own does not count, down to the family.
        let family = isLocal ? .unspecified : try family(bytes[13])
        guard bytes.count >= fixedLength else { return nil }
        let length = fixedLength + number(bytes, at: 14)
        guard length <= longestBinary else { throw .malformedBinary }
        guard bytes.count >= length else { return nil }
        let header = UnsafeRawBufferPointer(rebasing: bytes[..<length])
        if isLocal { return ProxyHeader(source: .proxy, length: length) }
        return ProxyHeader(source: try source(family, header), length: length)
    }

    private static func family(_ byte: UInt8) throws(ProxyHeaderError) -> Family {
        // The low half is the transport: unspecified, stream, datagram.
        guard byte & 0x0F <= 2 else { throw .malformedBinary }
        switch byte >> 4 {
        case 0: return .unspecified
        case 1: return .ipv4
        case 2: return .ipv6
        case 3: return .unix
        default: throw .malformedBinary
        }
    }

    private static func source(
        _ family: Family, _ header: UnsafeRawBufferPointer
    ) throws(ProxyHeaderError) -> Source {
        let addresses =
            switch family {
            case .ipv4: 12
            case .ipv6: 36
            case .unix: 216
            // Nobody says where the addresses end: all of the rest is to be skipped.
            case .unspecified: header.count - fixedLength
            }
        guard header.count >= fixedLength + addresses else { throw .malformedBinary }
        try checkExtras(header, from: fixedLength + addresses)
        let width = family == .ipv4 ? 4 : 16
        guard family == .ipv4 || family == .ipv6,
            let client = IPAddress(networkOrder: header[fixedLength..<fixedLength + width])
        else { return .unknown }
        let port = number(header, at: fixedLength + 2 * width)
        return .client(client.unmapped, port: UInt16(truncatingIfNeeded: port))
    }

    private static func checkExtras(_ header: UnsafeRawBufferPointer, from start: Int) throws(ProxyHeaderError) {
        var position = start
        while position < header.count {
            guard position + 3 <= header.count else { throw .malformedExtras }
            let value = position + 3
            let end = value + number(header, at: position + 1)
            guard end <= header.count else { throw .malformedExtras }
            if header[position] == checksumType {
                guard end - value == 4 else { throw .malformedExtras }
                let stated = UInt32(number(header, at: value)) << 16 | UInt32(number(header, at: value + 2))
                guard stated == CRC32C.checksum(of: header, leavingOut: value..<end) else { throw .wrongChecksum }
            }
            position = end
        }
    }

    /// Two bytes in network order. The caller has seen that they are there.
    private static func number(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        Int(bytes[index]) << 8 | Int(bytes[index + 1])
    }
}

/// The checksum of iSCSI (RFC 3720 appendix B.4), which version 2 may carry.
public enum CRC32C {
    /// The checksum of `bytes`, those in `gap` taken for zeros: a checksum cannot cover itself.
    public static func checksum(of bytes: UnsafeRawBufferPointer, leavingOut gap: Range<Int> = 0..<0) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for (index, byte) in bytes.enumerated() {
            remainder ^= gap.contains(index) ? 0 : UInt32(byte)
            for _ in 0..<8 {
                // The polynomial with its bits in reverse.
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
            }
        }
        return ~remainder
    }
}
