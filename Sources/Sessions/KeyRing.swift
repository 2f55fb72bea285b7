import Crypto

/// The keys of a running configuration: the newest seals, any of them opens.
///
/// From each key one subkey per class of sealed text is derived, so that no text of one class can be opened as another
/// even if every other check failed. Derivation is HKDF with SHA-256 (RFC 5869), done once, here.
///
/// Nonces are 96 random bits: rotate a key before it has sealed 2^32 texts (NIST SP 800-38D §8.3).
public struct KeyRing: Sendable {
    private let entries: [Entry]
    private let newest: Entry

    /// `nil` if `keys` is empty, two keys have the same id, or a secret has not exactly `Key.byteCount` bytes.
    public init?(keys: [Key]) {
        let entries = keys.filter { $0.bytes.count == Key.byteCount }.map(Entry.init)
        guard entries.count == keys.count, Set(keys.map(\.id)).count == keys.count else { return nil }
        let newest = entries.max { left, right in
            (left.key.createdAt, left.key.id) < (right.key.createdAt, right.key.id)
        }
        guard let newest else { return nil }
        self.entries = entries
        self.newest = newest
    }

    /// The key that seals: the newest, and of two made in the same second the one with the greater id.
    public var current: Key { newest.key }

    /// All keys, in the order given.
    public var keys: [Key] { entries.map(\.key) }

    /// The key with this id, if the ring has it.
    public func key(id: UInt32) -> Key? {
        entries.first { $0.key.id == id }?.key
    }

    /// What texts are sealed for: each class has its own subkeys.
    enum TextClass {
        case handles, tickets
    }

    /// The subkey that seals texts of this class, and the id to name it by.
    func sealing(_ textClass: TextClass) -> (id: UInt32, key: SymmetricKey) {
        (newest.key.id, newest.subkey(textClass))
    }

    /// The subkey that opens texts of this class which name the key `id`; `nil` if the ring has no such key.
    func opening(_ textClass: TextClass, id: UInt32) -> SymmetricKey? {
        for entry in entries where entry.key.id == id { return entry.subkey(textClass) }
        return nil
    }

    private struct Entry: Sendable {
        let key: Key
        let handles: SymmetricKey
        let tickets: SymmetricKey

        init(key: Key) {
            self.key = key
            handles = Entry.derive(from: key, info: "tombolo handles v1")
            tickets = Entry.derive(from: key, info: "tombolo tickets v1")
        }

        func subkey(_ textClass: TextClass) -> SymmetricKey {
            switch textClass {
            case .handles: handles
            case .tickets: tickets
            }
        }

        private static func derive(from key: Key, info: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: key.bytes), info: [UInt8](info.utf8), outputByteCount: 32)
        }
    }
}
