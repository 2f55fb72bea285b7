/// One secret of the key file: 32 random bytes under a number that travels in clear with what was sealed.
public struct Key: Sendable {
    /// The number that handles and tickets name; unique in a ring.
    public let id: UInt32
    /// When the key was made; the newest key of a ring seals.
    public let createdAt: Timestamp
    /// The secret. Only ever an input to HKDF, never a cipher key itself.
    let bytes: [UInt8]

    /// The length of the secret in bytes.
    public static let byteCount = 32

    /// A key from stored or fresh secret bytes. `KeyRing` refuses one that has not exactly `byteCount` bytes.
    public init(id: UInt32, createdAt: Timestamp, bytes: [UInt8]) {
        self.id = id
        self.createdAt = createdAt
        self.bytes = bytes
    }
}

extension Key: CustomStringConvertible, CustomReflectable {
    /// The id, never the secret.
    public var description: String { "key \(id)" }

    /// Shows the id only, so that `dump` cannot print the secret.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
