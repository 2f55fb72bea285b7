/// Seals handles into cookie values and opens them again.
///
/// The text is base64url without padding, always `encodedCount` characters: all of it fits a cookie value as it is.
public struct HandleSealer: Sendable {
    private let keys: KeyRing
    private let random: any RandomSource

    private static let label = "tombolo handle v1"
    private static let plaintextBytes = 16 + 4 + 8 + 8 + 1

    /// The characters of every sealed handle.
    public static let encodedCount = Base64URL.encodedCount(Envelope.overhead + plaintextBytes)

    /// A sealer that seals with the newest key of `keys` and opens with any.
    public init(keys: KeyRing, random: any RandomSource) {
        self.keys = keys
        self.random = random
    }

    /// The cookie value for `h`.
    ///
    /// - Parameters:
    ///   - scope: the cookie's scope, the host or the `Domain` it is set for; a handle of one scope is worthless on
    ///     another. Compared byte by byte.
    ///   - group: the name of the group. Compared byte by byte.
    public func seal(_ h: Handle, scope: String, purpose: HandlePurpose, group: String) -> String {
        var writer = FieldWriter(capacity: HandleSealer.plaintextBytes)
        writer.append(h.session)
        writer.append(h.epoch)
        writer.append(h.firstSeen.seconds)
        writer.append(h.issuedAt.seconds)
        writer.append(h.isPersistent ? 1 : 0 as UInt8)
        return Envelope.seal(
            writer.bytes, textClass: .handles, context: context(scope, purpose, group), keys: keys, random: random)
    }

    /// The handle in a cookie value; `nil` if it was not sealed by one of our keys for this scope, purpose and group,
    /// or is not written as we write it. Whether it is still alive is for `SessionTimeouts` and the record to say.
    public func open(
        _ text: some Collection<UInt8>, scope: String, purpose: HandlePurpose, group: String
    ) -> Handle? {
        guard text.count == HandleSealer.encodedCount,
            case .plaintext(let plaintext) = Envelope.open(
                text, textClass: .handles, context: context(scope, purpose, group), keys: keys)
        else { return nil }
        var reader = FieldReader(plaintext)
        guard let session = reader.sessionID(), let epoch = reader.integer(UInt32.self),
            let firstSeen = reader.timestamp(), let issuedAt = reader.timestamp(),
            let flags = reader.integer(UInt8.self), flags <= 1, reader.isAtEnd
        else { return nil }
        return Handle(
            session: session, epoch: epoch, firstSeen: firstSeen, issuedAt: issuedAt, isPersistent: flags == 1)
    }

    private func context(_ scope: String, _ purpose: HandlePurpose, _ group: String) -> Envelope.Context {
        Envelope.Context(label: HandleSealer.label, purpose: purpose.rawValue, audience: scope, group: group)
    }
}
