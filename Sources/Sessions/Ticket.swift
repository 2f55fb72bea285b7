/// The identity of a ticket: 16 random bytes; a store remembers the spent ones.
public struct TicketID: Hashable, Sendable {
    private let value: SessionID

    /// Takes exactly 16 bytes; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard let value = SessionID(bytes: bytes) else { return nil }
        self.value = value
    }

    private init(value: SessionID) {
        self.value = value
    }

    /// A new id from `random`.
    public static func random(_ random: any RandomSource) -> TicketID {
        TicketID(value: SessionID.random(random))
    }

    /// The 16 bytes.
    public var bytes: [UInt8] { value.bytes }

    /// The 32 lowercase hexadecimal digits.
    public var hex: String { value.hex }
}

extension TicketID: CustomStringConvertible {
    /// The first 8 digits only, for logs.
    public var description: String { value.description }
}

/// Which leg of which exchange a ticket is for. One sealed for one purpose does not open for another.
public enum TicketPurpose: UInt8, Sendable, CaseIterable {
    /// Fetch: the page's own script carries it to the primary's `check`.
    case check = 1
    /// Fetch: the primary's answer, which the page's own domain takes in `replace`.
    case replace = 2
    /// Handshake: secondary to primary.
    case sync = 3
    /// Handshake: primary back to secondary.
    case finish = 4
    /// Handshake: secondary to primary, second leg: a domain with a session re-seeds an empty primary.
    case adopt = 5
    /// A link, a form or a `Location` that leads to a sibling domain.
    case arrival = 6

    /// The first leg of a handshake under its other name.
    public static var start: TicketPurpose { .sync }
}

/// The session that a ticket carries to another domain.
public struct CarriedSession: Equatable, Sendable {
    /// The session.
    public var id: SessionID
    /// The session's epoch when the ticket was sealed.
    public var epoch: UInt32
    /// When the session was first seen.
    public var firstSeen: Timestamp
    /// Whether the browser is to keep the cookie when it is closed.
    public var isPersistent: Bool

    /// A carried session of its parts.
    public init(id: SessionID, epoch: UInt32, firstSeen: Timestamp, isPersistent: Bool) {
        self.id = id
        self.epoch = epoch
        self.firstSeen = firstSeen
        self.isPersistent = isPersistent
    }
}

/// A statement that travels from one named domain to another within seconds and is honoured once.
///
/// Hosts and nonce hashes that are out of their range seal into a text that never opens (`.malformed`).
public struct Ticket: Equatable, Sendable {
    /// The most bytes of a return address.
    public static let maximumReturnToBytes = 4096
    /// The most bytes of a host.
    public static let maximumHostBytes = 512
    /// The bytes of a nonce hash (SHA-256).
    public static let nonceHashBytes = 32

    /// What a store remembers when the ticket is spent.
    public var id: TicketID
    /// The leg that it is for.
    public var purpose: TicketPurpose
    /// When it was sealed: the start of its lifetime.
    public var issuedAt: Timestamp
    /// The host that sealed it, at most `maximumHostBytes` bytes.
    public var from: String
    /// The only host at which it opens, at most `maximumHostBytes` bytes.
    public var to: String
    /// The session that it carries, if any.
    public var session: CarriedSession?
    /// SHA-256 of the nonce that binds it to one browser, `nonceHashBytes` bytes; `nil`: not bound.
    public var nonceHash: [UInt8]?
    /// SHA-256 of the nonce that the other end's ticket was bound by, `nonceHashBytes` bytes; `nil`: none.
    public var peerNonceHash: [UInt8]?
    /// Path and query (origin-form) of the page to go back to. One of more than `maximumReturnToBytes` bytes becomes
    /// `nil`: such a page cannot be returned to.
    public var returnTo: String? {
        didSet { returnTo = Ticket.carried(returnTo) }
    }
    /// Free for the exchange; sealed like the rest.
    public var flags: UInt8

    /// A ticket of its parts.
    public init(
        id: TicketID, purpose: TicketPurpose, issuedAt: Timestamp, from: String, to: String,
        session: CarriedSession? = nil, nonceHash: [UInt8]? = nil, peerNonceHash: [UInt8]? = nil,
        returnTo: String? = nil, flags: UInt8 = 0
    ) {
        self.id = id
        self.purpose = purpose
        self.issuedAt = issuedAt
        self.from = from
        self.to = to
        self.session = session
        self.nonceHash = nonceHash
        self.peerNonceHash = peerNonceHash
        self.returnTo = Ticket.carried(returnTo)
        self.flags = flags
    }

    private static func carried(_ returnTo: String?) -> String? {
        guard let returnTo, returnTo.utf8.count <= maximumReturnToBytes else { return nil }
        return returnTo
    }
}

/// Why a ticket was not accepted. The sender's fault, or time's; never this server's.
public enum TicketError: Error, Equatable, Sendable {
    /// Not the text of a ticket, or authentic but with fields out of range.
    case malformed
    /// Sealed with an unknown key, changed on the way, or for another purpose, host or group.
    case notAuthentic
    /// Older than its lifetime.
    case late
    /// Sealed more than `TicketSealer.toleratedSkew` seconds in the future.
    case early
}

extension TicketError: CustomStringConvertible {
    /// A sentence for logs.
    public var description: String {
        switch self {
        case .malformed: "not a ticket"
        case .notAuthentic: "not a ticket of ours for this purpose, host and group"
        case .late: "the ticket is past its lifetime"
        case .early: "the ticket is from the future: compare the clocks of the nodes"
        }
    }
}
