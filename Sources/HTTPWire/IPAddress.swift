/// An IP address as a number: cheap to compare, to count by and to read from text.
public struct IPAddress: Hashable, Sendable {
    /// The address as a number in host order: 32 bits of it for IPv4, all 128 for IPv6.
    public let value: UInt128
    /// Whether it is an IPv4 address.
    public let isIPv4: Bool

    /// An IPv4 address, in host order.
    public init(v4 value: UInt32) {
        self.value = UInt128(value)
        isIPv4 = true
    }

    /// An IPv6 address, in host order.
    public init(v6 value: UInt128) {
        self.value = value
        isIPv4 = false
    }

    /// The address in 4 or 16 bytes in network order; nil for any other number of bytes.
    public init?(networkOrder bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt128($1) }
        isIPv4 = bytes.count == 4
    }

    /// The 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        stride(from: isIPv4 ? 24 : 120, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
    }

    /// An IPv4 address that arrived in its mapped IPv6 form (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) as what it is; any
    /// other address unchanged.
    public var unmapped: IPAddress {
        !isIPv4 && value >> 32 == 0xFFFF ? IPAddress(v4: UInt32(truncatingIfNeeded: value)) : self
    }
}

extension IPAddress {
    /// Reads an address as text, without brackets, port or zone: `192.0.2.1`, `2001:db8::1`. Numbers of IPv4 have no
    /// leading zeros, which some read as octal. Nil for anything else.
    public init?(_ text: UnsafeRawBufferPointer) {
        let parsed = text.contains(UInt8(ascii: ":")) ? Self.v6(text) : Self.v4(text).map { IPAddress(v4: $0) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// As ``init(_:)-(UnsafeRawBufferPointer)``.
    public init?(_ text: some StringProtocol) {
        let found = Array(text.utf8).withUnsafeBytes { IPAddress($0) }
        guard let found else { return nil }
        self = found
    }

    private static func v4(_ text: UnsafeRawBufferPointer) -> UInt32? {
        var address: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "."):
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | number
                (number, digits, dots) = (0, 0, dots + 1)
            case 0x30...0x39:
                guard digits == 0 || number > 0 else { return nil }
                number = number * 10 + UInt32(byte - 0x30)
                digits += 1
                guard number <= 255 else { return nil }
            default: return nil
            }
        }
        return digits > 0 && dots == 3 ? address << 8 | number : nil
    }

    /// RFC 4291 §2.2: eight groups, one run of them possibly left out as `::`, the last two possibly written as IPv4.
    private static func v6(_ text: UnsafeRawBufferPointer) -> IPAddress? {
        var (head, tail): (UInt128, UInt128) = (0, 0)
        var (headBits, tailBits) = (0, 0)
        var hasGap = false
        var rest = text[...]
        func append(_ number: UInt32, bits: Int) {
            if hasGap {
                tail = tail << UInt128(bits) | UInt128(number)
                tailBits += bits
            } else {
                head = head << UInt128(bits) | UInt128(number)
                headBits += bits
            }
        }
        if rest.starts(with: [0x3A, 0x3A]) {
            hasGap = true
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let group = rest.prefix { $0 != UInt8(ascii: ":") }
            rest = rest[group.endIndex...]
            if rest.isEmpty, let number = v4(UnsafeRawBufferPointer(rebasing: group)) {
                append(number, bits: 32)
            } else {
                guard let number = hex(group) else { return nil }
                append(number, bits: 16)
            }
            guard headBits + tailBits <= 128 else { return nil }
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: ":") {
                guard !hasGap else { return nil }
                hasGap = true
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        // The gap stands for one group or more.
        guard hasGap ? headBits + tailBits <= 112 : headBits == 128 else { return nil }
        return IPAddress(v6: hasGap ? (headBits == 0 ? 0 : head << UInt128(128 - headBits)) | tail : head)
    }

    private static func hex(_ group: Slice<UnsafeRawBufferPointer>) -> UInt32? {
        guard (1...4).contains(group.count) else { return nil }
        var number: UInt32 = 0
        for byte in group {
            switch byte {
            case 0x30...0x39: number = number << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: number = number << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: number = number << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        return number
    }
}
