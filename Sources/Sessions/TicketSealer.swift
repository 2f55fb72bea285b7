/// Seals tickets and opens them again. The text is base64url without padding: it fits a query or a path as it is.
public struct TicketSealer: Sendable {
    private let keys: KeyRing
    private let random: any RandomSource

    private static let label = "tombolo ticket v1"

    /// The most characters that are looked at; longer texts are malformed.
    public static let maximumTextBytes = 8192
    /// How far in the future a ticket may have been sealed, in seconds: the clocks of two nodes are never equal.
    public static let toleratedSkew: Int64 = 60

    /// A sealer that seals with the newest key of `keys` and opens with any.
    public init(keys: KeyRing, random: any RandomSource) {
        self.keys = keys
        self.random = random
    }

    /// The text of a ticket, to be opened at `t.to` for `t.purpose` within `group` only.
    public func seal(_ t: Ticket, group: String) -> String {
        Envelope.seal(
            TicketSealer.plaintext(of: t), textClass: .tickets, context: context(t.purpose, t.to, group), keys: keys,
            random: random)
    }

    /// Opens a ticket that has come to `host`. Whether it was spent before is for a store to say.
    ///
    /// - Parameters:
    ///   - host: the host that received it, as configured; compared byte by byte with the ticket's `to`.
    ///   - lifetime: the most seconds since it was sealed.
    public func open(
        _ text: some Collection<UInt8>, purpose: TicketPurpose, at host: String, group: String, now: Timestamp,
        lifetime: Int64
    ) -> Result<Ticket, TicketError> {
        guard text.count <= TicketSealer.maximumTextBytes else { return .failure(.malformed) }
        switch Envelope.open(text, textClass: .tickets, context: context(purpose, host, group), keys: keys) {
        case .malformed: return .failure(.malformed)
        case .notAuthentic: return .failure(.notAuthentic)
        case .plaintext(let plaintext):
            guard let ticket = TicketSealer.ticket(from: plaintext) else { return .failure(.malformed) }
            guard ticket.purpose == purpose, ticket.to.hasSameBytes(as: host) else { return .failure(.notAuthentic) }
            let age = now.since(ticket.issuedAt)
            if age > lifetime { return .failure(.late) }
            if age < -TicketSealer.toleratedSkew { return .failure(.early) }
            return .success(ticket)
        }
    }

    private func context(_ purpose: TicketPurpose, _ host: String, _ group: String) -> Envelope.Context {
        Envelope.Context(label: TicketSealer.label, purpose: purpose.rawValue, audience: host, group: group)
    }

    /// Which optional fields follow, one bit each.
    private enum Presence {
        static let session: UInt8 = 1
        static let nonceHash: UInt8 = 2
        static let peerNonceHash: UInt8 = 4
        static let returnTo: UInt8 = 8
        static let persistent: UInt8 = 16
        static let all: UInt8 = 31
    }

    static func plaintext(of t: Ticket) -> [UInt8] {
        var presence: UInt8 = 0
        if let session = t.session {
            presence |= Presence.session
            if session.isPersistent { presence |= Presence.persistent }
        }
        if t.nonceHash != nil { presence |= Presence.nonceHash }
        if t.peerNonceHash != nil { presence |= Presence.peerNonceHash }
        if t.returnTo != nil { presence |= Presence.returnTo }

        var writer = FieldWriter(capacity: 160 + t.from.utf8.count + t.to.utf8.count + (t.returnTo?.utf8.count ?? 0))
        writer.append(fixed: t.id.bytes)
        writer.append(t.purpose.rawValue)
        writer.append(t.issuedAt.seconds)
        writer.append(t.flags)
        writer.append(presence)
        writer.append(t.from.utf8, lengthAs: UInt16.self)
        writer.append(t.to.utf8, lengthAs: UInt16.self)
        if let session = t.session {
            writer.append(session.id)
            writer.append(session.epoch)
            writer.append(session.firstSeen.seconds)
        }
        if let hash = t.nonceHash { writer.append(hash, lengthAs: UInt8.self) }
        if let hash = t.peerNonceHash { writer.append(hash, lengthAs: UInt8.self) }
        if let returnTo = t.returnTo { writer.append(returnTo.utf8, lengthAs: UInt16.self) }
        return writer.bytes
    }

    static func ticket(from plaintext: [UInt8]) -> Ticket? {
        var reader = FieldReader(plaintext)
        guard let id = reader.slice(16).flatMap({ TicketID(bytes: $0) }),
            let purpose = reader.integer(UInt8.self).flatMap(TicketPurpose.init(rawValue:)),
            let issuedAt = reader.timestamp(), let flags = reader.integer(UInt8.self),
            let presence = reader.integer(UInt8.self), presence <= Presence.all,
            let from = reader.string(atMost: Ticket.maximumHostBytes),
            let to = reader.string(atMost: Ticket.maximumHostBytes)
        else { return nil }
        var ticket = Ticket(id: id, purpose: purpose, issuedAt: issuedAt, from: from, to: to, flags: flags)
        let isPersistent = presence & Presence.persistent != 0
        if presence & Presence.session != 0 {
            guard let session = reader.sessionID(), let epoch = reader.integer(UInt32.self),
                let firstSeen = reader.timestamp()
            else { return nil }
            ticket.session = CarriedSession(
                id: session, epoch: epoch, firstSeen: firstSeen, isPersistent: isPersistent)
        } else if isPersistent {
            return nil
        }
        if presence & Presence.nonceHash != 0 {
            guard let hash = nonceHash(from: &reader) else { return nil }
            ticket.nonceHash = hash
        }
        if presence & Presence.peerNonceHash != 0 {
            guard let hash = nonceHash(from: &reader) else { return nil }
            ticket.peerNonceHash = hash
        }
        if presence & Presence.returnTo != 0 {
            guard let returnTo = reader.string(atMost: Ticket.maximumReturnToBytes) else { return nil }
            ticket.returnTo = returnTo
        }
        return reader.isAtEnd ? ticket : nil
    }

    /// A hash of any other length does not open: a ticket bound by something else must not pass for an unbound one.
    private static func nonceHash(from reader: inout FieldReader) -> [UInt8]? {
        guard let count = reader.integer(UInt8.self), Int(count) == Ticket.nonceHashBytes,
            let hash = reader.slice(Ticket.nonceHashBytes)
        else { return nil }
        return [UInt8](hash)
    }
}
