import Crypto
import Testing

@testable import Sessions

@Suite("Tickets") struct TicketTests {
    private let sealer: TicketSealer

    init() throws {
        sealer = TicketSealer(keys: try ring(key(3)), random: SeededSource(3))
    }

    private func open(_ text: some Collection<UInt8>, _ ticket: Ticket, group: String = "g") -> Result<
        Ticket, TicketError
    > {
        sealer.open(
            text, purpose: ticket.purpose, at: ticket.to, group: group, now: ticket.issuedAt, lifetime: 30)
    }

    private func plain(_ generator: inout Seeded) -> Ticket {
        var ticket = generator.ticket()
        ticket.purpose = .finish
        ticket.issuedAt = time(1000)
        ticket.from = "shop.example"
        ticket.to = "club.example"
        return ticket
    }

    @Test func roundTrip() {
        var generator = Seeded(30)
        for _ in 0..<1000 {
            let ticket = generator.ticket()
            let group = generator.adversarialText()
            #expect(open(sealer.seal(ticket, group: group).utf8, ticket, group: group) == .success(ticket))
        }
    }

    @Test func theLongestReturnAddressTravels() {
        var generator = Seeded(31)
        var ticket = plain(&generator)
        ticket.from = String(repeating: "f", count: Ticket.maximumHostBytes)
        ticket.to = String(repeating: "t", count: Ticket.maximumHostBytes)
        ticket.nonceHash = generator.bytes(32)
        ticket.peerNonceHash = generator.bytes(32)
        ticket.session = CarriedSession(id: session(1), epoch: .max, firstSeen: time(1), isPersistent: true)
        ticket.returnTo = String(repeating: "/", count: Ticket.maximumReturnToBytes)
        #expect(ticket.returnTo != nil)
        let text = sealer.seal(ticket, group: "g")
        #expect(text.utf8.count <= TicketSealer.maximumTextBytes)
        #expect(open(text.utf8, ticket) == .success(ticket))
        ticket.returnTo = String(repeating: "/", count: Ticket.maximumReturnToBytes + 1)
        #expect(ticket.returnTo == nil)
    }

    @Test func fieldsOutOfRangeDoNotOpen() {
        var generator = Seeded(32)
        let good = plain(&generator)
        var changes: [Ticket] = []
        for count in [0, 1, 31, 33, 255, 256, 300] {
            var ticket = good
            ticket.nonceHash = generator.bytes(count)
            changes.append(ticket)
            ticket = good
            ticket.peerNonceHash = generator.bytes(count)
            changes.append(ticket)
        }
        for count in [Ticket.maximumHostBytes + 1, 65_535, 65_536, 70_000] {
            var ticket = good
            ticket.from = String(repeating: "a", count: count)
            changes.append(ticket)
            ticket = good
            ticket.to = String(repeating: "a", count: count)
            changes.append(ticket)
        }
        for ticket in changes { #expect(open(sealer.seal(ticket, group: "g").utf8, ticket) == .failure(.malformed)) }
    }

    @Test func everyOtherByteAtEveryPositionFails() {
        var generator = Seeded(33)
        let ticket = plain(&generator)
        let text = [UInt8](sealer.seal(ticket, group: "g").utf8)
        #expect(open(text, ticket) == .success(ticket))
        for position in text.indices {
            for byte in UInt8.min...UInt8.max where byte != text[position] {
                var changed = text
                changed[position] = byte
                guard case .failure(let error) = open(changed, ticket), [.malformed, .notAuthentic].contains(error)
                else {
                    Issue.record("\(byte) at \(position) opened")
                    return
                }
            }
        }
    }

    @Test func otherLengthsFail() {
        var generator = Seeded(34)
        let ticket = plain(&generator)
        let text = [UInt8](sealer.seal(ticket, group: "g").utf8)
        for count in 0..<text.count {
            #expect(throws: TicketError.self) { try open(text.prefix(count), ticket).get() }
        }
        for addition in ["A", "AA", "AAAA", "=", "\n"] {
            #expect(throws: TicketError.self) { try open(text + addition.utf8, ticket).get() }
        }
        #expect(open([UInt8](repeating: 65, count: 1 << 20), ticket) == .failure(.malformed))
    }

    @Test func anotherPurposeHostOrGroupFails() {
        var generator = Seeded(35)
        for _ in 0..<100 {
            let ticket = generator.ticket()
            let text = sealer.seal(ticket, group: "g").utf8
            for purpose in TicketPurpose.allCases where purpose != ticket.purpose {
                let result = sealer.open(
                    text, purpose: purpose, at: ticket.to, group: "g", now: ticket.issuedAt, lifetime: 30)
                #expect(result == .failure(.notAuthentic))
            }
            let host = generator.adversarialText()
            if !host.utf8.elementsEqual(ticket.to.utf8) {
                let result = sealer.open(
                    text, purpose: ticket.purpose, at: host, group: "g", now: ticket.issuedAt, lifetime: 30)
                #expect(result == .failure(.notAuthentic))
            }
            #expect(open(text, ticket, group: "h") == .failure(.notAuthentic))
            #expect(open(text, ticket, group: "") == .failure(.notAuthentic))
        }
    }

    @Test func keys() throws {
        var generator = Seeded(36)
        let ticket = plain(&generator)
        let old = TicketSealer(keys: try ring(key(1, createdAt: 1)), random: SeededSource(1))
        let both = TicketSealer(keys: try ring(key(1, createdAt: 1), key(2, createdAt: 2)), random: SeededSource(2))
        func open(_ sealer: TicketSealer, _ text: String) -> Result<Ticket, TicketError> {
            sealer.open(
                text.utf8, purpose: .finish, at: "club.example", group: "g", now: time(1000), lifetime: 30)
        }
        #expect(open(both, old.seal(ticket, group: "g")) == .success(ticket))
        #expect(open(old, both.seal(ticket, group: "g")) == .failure(.notAuthentic))
    }

    @Test(
        "late and early",
        arguments: [
            (30, nil), (31, .late), (0, nil), (-60, nil), (-61, .early), (3600, .late), (-3600, .early),
            (.max, .late), (.min, .early),
        ] as [(Int64, TicketError?)])
    func lateAndEarly(age: Int64, expected: TicketError?) {
        var generator = Seeded(37)
        let ticket = plain(&generator)
        let result = sealer.open(
            sealer.seal(ticket, group: "g").utf8, purpose: .finish, at: "club.example", group: "g",
            now: ticket.issuedAt.adding(age), lifetime: 30)
        #expect(result == expected.map { .failure($0) } ?? .success(ticket))
    }

    @Test func aHandleIsNoTicketAndTheOtherWayRound() throws {
        var generator = Seeded(38)
        let keys = try ring(key(3))
        let handles = HandleSealer(keys: keys, random: SeededSource(1))
        let handle = handles.seal(generator.handle(), scope: "club.example", purpose: .session, group: "g")
        #expect(open(handle.utf8, plain(&generator)) == .failure(.notAuthentic))
        let ticket = sealer.seal(plain(&generator), group: "g")
        #expect(handles.open(ticket.utf8, scope: "club.example", purpose: .session, group: "g") == nil)
    }

    /// The format, opened by hand: what is written here must never change without a new version.
    @Test func theFormatIsTheDocumentedOne() throws {
        let ticket = Ticket(
            id: TicketID.random(Fixed([9])), purpose: .finish, issuedAt: time(6), from: "a", to: "bc",
            session: CarriedSession(id: session(5), epoch: 2, firstSeen: time(-1), isPersistent: true),
            peerNonceHash: [UInt8](repeating: 8, count: 32), returnTo: "/", flags: 3)
        let blob = try #require(Base64URL.decode(sealer.seal(ticket, group: "g").utf8))
        let subkey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8](repeating: 3, count: 32)),
            info: [UInt8]("tombolo tickets v1".utf8), outputByteCount: 32)
        var data: [UInt8] = [1, 0, 0, 0, 3, 0, 0, 0, 17]
        data += "tombolo ticket v1".utf8
        data += [4, 0, 0, 0, 2] + "bc".utf8 + [0, 0, 0, 1] + "g".utf8
        let plaintext = try AES.GCM.open(
            AES.GCM.SealedBox(combined: blob.dropFirst(5)), using: subkey, authenticating: data)
        var expected = [UInt8](repeating: 9, count: 16) + [4, 0, 0, 0, 0, 0, 0, 0, 6, 3, 0b11101]
        expected += [0, 1] + "a".utf8 + [0, 2] + "bc".utf8
        expected += [UInt8](repeating: 0, count: 15) + [5, 0, 0, 0, 2] + [UInt8](repeating: 255, count: 8)
        expected += [32] + [UInt8](repeating: 8, count: 32) + [0, 1] + "/".utf8
        #expect([UInt8](plaintext) == expected)
    }

    @Test func purposesKeepTheirNumbers() {
        #expect(TicketPurpose.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6])
        #expect(TicketPurpose.start == .sync)
        #expect(HandlePurpose.session.rawValue == 1 && HandlePurpose.crossSiteCheck.rawValue == 2)
    }

    @Test func noTwoTicketsShareAPlaintext() {
        var generator = Seeded(39)
        var seen: [[UInt8]: [[UInt8]]] = [:]
        for _ in 0..<20_000 {
            let ticket = Ticket(
                id: TicketID.random(Fixed([1])), purpose: .check, issuedAt: time(1),
                from: generator.adversarialText(), to: generator.adversarialText(),
                returnTo: Bool.random(using: &generator) ? generator.adversarialText() : nil)
            let fields = [ticket.from, ticket.to, ticket.returnTo.map { "some" + $0 } ?? "none"].map {
                [UInt8]($0.utf8)
            }
            let plaintext = TicketSealer.plaintext(of: ticket)
            if let other = seen.updateValue(fields, forKey: plaintext) { #expect(other == fields) }
            #expect(TicketSealer.ticket(from: plaintext) == ticket)
        }
        #expect(seen.count > 10_000)
    }

    @Test func damagedPlaintextsNeverTrapAndNeverReadAsAnotherSpelling() {
        var generator = Seeded(40)
        for _ in 0..<300 {
            let plaintext = TicketSealer.plaintext(of: generator.ticket())
            for count in 0..<plaintext.count {
                #expect(TicketSealer.ticket(from: [UInt8](plaintext.prefix(count))) == nil)
            }
            for _ in 0..<50 {
                var damaged = plaintext
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
                guard let ticket = TicketSealer.ticket(from: damaged) else { continue }
                #expect(TicketSealer.plaintext(of: ticket) == damaged, "one ticket, one plaintext")
            }
        }
    }
}
