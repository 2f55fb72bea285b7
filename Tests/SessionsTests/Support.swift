import Sessions
import Synchronization

/// SplitMix64: small, and the same numbers on every machine for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func sessionID() -> SessionID {
        SessionID.random(Fixed(bytes(16)))
    }

    mutating func timestamp() -> Timestamp {
        switch Int.random(in: 0..<8, using: &self) {
        case 0: Timestamp(seconds: .min)
        case 1: Timestamp(seconds: .max)
        default: Timestamp(seconds: Int64.random(in: 0...4_000_000_000, using: &self))
        }
    }

    /// A short text of what likes to move between fields: separators, NULs, digits, lengths, characters of many bytes.
    mutating func adversarialText() -> String {
        let pieces = [
            "", "a", "0", "1", "\0", "\0\0\0\u{1}", ".", ":", "|", ",", "/", "é", "e\u{301}", "v1", "\u{10FFFF}",
        ]
        return (0..<Int.random(in: 0...4, using: &self)).map { _ in pieces.randomElement(using: &self) ?? "" }.joined()
    }

    mutating func handle() -> Handle {
        Handle(
            session: sessionID(), epoch: UInt32.random(in: 0 ... .max, using: &self), firstSeen: timestamp(),
            issuedAt: timestamp(), isPersistent: Bool.random(using: &self))
    }

    mutating func ticket() -> Ticket {
        Ticket(
            id: TicketID.random(Fixed(bytes(16))),
            purpose: TicketPurpose.allCases.randomElement(using: &self) ?? .check,
            issuedAt: timestamp(), from: adversarialText(), to: adversarialText(),
            session: Bool.random(using: &self)
                ? CarriedSession(
                    id: sessionID(), epoch: UInt32.random(in: 0 ... .max, using: &self), firstSeen: timestamp(),
                    isPersistent: Bool.random(using: &self)) : nil,
            nonceHash: Bool.random(using: &self) ? bytes(32) : nil,
            peerNonceHash: Bool.random(using: &self) ? bytes(32) : nil,
            returnTo: Bool.random(using: &self) ? adversarialText() : nil,
            flags: UInt8.random(in: 0...255, using: &self))
    }
}

/// Gives the same bytes each time.
struct Fixed: RandomSource {
    private let given: [UInt8]

    init(_ given: [UInt8]) {
        self.given = given
    }

    func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { given[$0 % given.count] }
    }
}

/// A seeded source that can be shared.
final class SeededSource: RandomSource {
    private let generator: Mutex<Seeded>

    init(_ seed: UInt64) {
        generator = Mutex(Seeded(seed))
    }

    func bytes(_ count: Int) -> [UInt8] {
        generator.withLock { $0.bytes(count) }
    }
}

func key(_ id: UInt32, createdAt: Int64 = 0, fill: UInt8? = nil) -> Key {
    Key(
        id: id, createdAt: Timestamp(seconds: createdAt),
        bytes: [UInt8](repeating: fill ?? UInt8(truncatingIfNeeded: id), count: Key.byteCount))
}

func ring(_ keys: Key...) throws -> KeyRing {
    guard let ring = KeyRing(keys: keys) else { throw NoRing() }
    return ring
}

struct NoRing: Error {}

func time(_ seconds: Int64) -> Timestamp {
    Timestamp(seconds: seconds)
}

/// The session whose id ends in `number`.
func session(_ number: UInt8) -> SessionID {
    SessionID.random(Fixed([UInt8](repeating: 0, count: 15) + [number]))
}
