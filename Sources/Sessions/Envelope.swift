import Crypto

/// The outer form of everything that is sealed: `version ‖ key id ‖ nonce ‖ ciphertext ‖ tag`, with AES-256-GCM
/// (NIST SP 800-38D), a random 96-bit nonce and a 128-bit tag. Version and key id are in clear and authenticated.
enum Envelope {
    static let version: UInt8 = 1
    private static let headerBytes = 1 + 4
    private static let nonceBytes = 12
    private static let tagBytes = 16
    /// What sealing adds to a plaintext.
    static let overhead = headerBytes + nonceBytes + tagBytes

    /// Every field with its length in front, so that no two distinct tuples of fields are authenticated by the same
    /// bytes.
    struct Context {
        var label: String
        var purpose: UInt8
        /// The cookie scope of a handle, the host for which a ticket is.
        var audience: String
        var group: String

        func associatedData(version: UInt8, keyID: UInt32) -> [UInt8] {
            let audience = audience.utf8
            let group = group.utf8
            let label = label.utf8
            var writer = FieldWriter(capacity: 18 + label.count + audience.count + group.count)
            writer.append(version)
            writer.append(keyID)
            writer.append(label, lengthAs: UInt32.self)
            writer.append(purpose)
            writer.append(audience, lengthAs: UInt32.self)
            writer.append(group, lengthAs: UInt32.self)
            return writer.bytes
        }
    }

    static func seal(
        _ plaintext: [UInt8], textClass: KeyRing.TextClass, context: Context, keys: KeyRing, random: any RandomSource
    ) -> String {
        let (keyID, key) = keys.sealing(textClass)
        var writer = FieldWriter(capacity: overhead + plaintext.count)
        writer.append(version)
        writer.append(keyID)
        do {
            let box = try AES.GCM.seal(
                plaintext, using: key, nonce: AES.GCM.Nonce(data: random.bytes(nonceBytes)),
                authenticating: context.associatedData(version: version, keyID: keyID))
            guard let sealed = box.combined else {
                preconditionFailure("RandomSource.bytes(\(nonceBytes)) must give \(nonceBytes) bytes")
            }
            // "Combined" is nonce, ciphertext and tag, as the envelope wants them.
            writer.append(fixed: [UInt8](sealed))
        } catch {
            // AES-GCM fails for a wrong key or nonce length only, and both are fixed here.
            preconditionFailure("AES-GCM refused to seal: \(error)")
        }
        return Base64URL.encode(writer.bytes)
    }

    enum Opened {
        case plaintext([UInt8])
        /// Not the text of an envelope.
        case malformed
        /// An envelope of an unknown key or version, or one that does not authenticate.
        case notAuthentic
    }

    static func open(
        _ text: some Collection<UInt8>, textClass: KeyRing.TextClass, context: Context, keys: KeyRing
    ) -> Opened {
        guard let blob = Base64URL.decode(text), blob.count >= overhead else { return .malformed }
        var reader = FieldReader(blob)
        guard let version = reader.integer(UInt8.self), let keyID = reader.integer(UInt32.self) else {
            return .malformed
        }
        guard version == Envelope.version, let key = keys.opening(textClass, id: keyID) else { return .notAuthentic }
        do {
            let plaintext = try AES.GCM.open(
                AES.GCM.SealedBox(combined: blob[headerBytes...]), using: key,
                authenticating: context.associatedData(version: version, keyID: keyID))
            return .plaintext([UInt8](plaintext))
        } catch {
            return .notAuthentic
        }
    }
}
