/// The identity of a session: 16 random bytes, which upstreams see as 32 hexadecimal digits.
///
/// It never reaches a browser in the clear and is never written to a log in full.
public struct SessionID: Hashable, Sendable {
    /// The first eight bytes as a number. As secret as the id.
    public let high: UInt64
    /// The last eight bytes as a number. As random as the id, so that tables may be ordered by it.
    public let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 lowercase or uppercase hexadecimal digits; `nil` for anything else.
    public init?(hex: some StringProtocol) {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        for digit in hex.utf8 {
            guard count < 32, let nibble = Hex.value(of: digit) else { return nil }
            words.high = words.high << 4 | words.low >> 60
            words.low = words.low << 4 | UInt64(nibble)
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(high: words.high, low: words.low)
    }

    /// Takes exactly 16 bytes; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        for byte in bytes {
            words.high = words.high << 8 | words.low >> 56
            words.low = words.low << 8 | UInt64(byte)
        }
        self.init(high: words.high, low: words.low)
    }

    /// A new id from `random`.
    public static func random(_ random: any RandomSource) -> SessionID {
        guard let id = SessionID(bytes: random.bytes(16)) else {
            preconditionFailure("RandomSource.bytes(16) must give 16 bytes")
        }
        return id
    }

    /// The 16 bytes, most significant first.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                let shift = UInt64(56 - 8 * index)
                buffer.initializeElement(at: index, to: UInt8(truncatingIfNeeded: high >> shift))
                buffer.initializeElement(at: index + 8, to: UInt8(truncatingIfNeeded: low >> shift))
            }
            count = 16
        }
    }

    /// The 32 lowercase hexadecimal digits that upstreams see.
    public var hex: String {
        Hex.encode(bytes)
    }
}

extension SessionID: CustomStringConvertible {
    /// The first 8 digits only: enough to follow a session through a log, useless to anyone who reads it there.
    public var description: String {
        Hex.encode(bytes.prefix(4))
    }
}

extension SessionID: CustomReflectable {
    /// Shows what `description` shows, so that `dump` does not print the whole id either.
    public var customMirror: Mirror {
        Mirror(self, children: ["id": description])
    }
}

extension SessionID: Codable {
    /// Reads 32 hexadecimal digits; throws `DecodingError.dataCorrupted` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = SessionID(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 32 hexadecimal digits")
        }
        self = id
    }

    /// Writes 32 lowercase hexadecimal digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// Hexadecimal digits (RFC 4648 §8), written in lower case.
enum Hex {
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            var index = 0
            for byte in bytes {
                for nibble in [byte >> 4, byte & 15] {
                    let first = nibble < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10
                    buffer.initializeElement(at: index, to: first + nibble)
                    index += 1
                }
            }
            return index
        }
    }
}
