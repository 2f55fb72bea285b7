import Testing

@testable import Sessions

@Suite("Base64URL") struct Base64URLTests {
    @Test(
        "RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, text: String) {
        #expect(Base64URL.encode([UInt8](plain.utf8)) == text)
        #expect(Base64URL.decode(text.utf8) == [UInt8](plain.utf8))
    }

    @Test func theUrlSafeAlphabet() {
        #expect(Base64URL.encode([0xFB, 0xFF, 0xFE]) == "-__-")
        #expect(Base64URL.decode("+//+".utf8) == nil)
    }

    @Test func roundTripOfEveryLength() {
        var generator = Seeded(50)
        for count in 0..<200 {
            let bytes = generator.bytes(count)
            let text = Base64URL.encode(bytes)
            #expect(text.utf8.count == Base64URL.encodedCount(count))
            #expect(Base64URL.decodedCount(text.utf8.count) == count)
            #expect(Base64URL.decode(text.utf8) == bytes)
            #expect(Base64URL.decode(Array(text.utf8).reversed().reversed() as [UInt8]) == bytes)
            #expect(Base64URL.decode(AnyCollection([UInt8](text.utf8))) == bytes, "without contiguous storage")
        }
    }

    @Test func whatIsReadIsWrittenTheSameWay() {
        let alphabet = (UInt8.min...UInt8.max).filter { Base64URL.decode([$0, 65, 65, 65]) != nil }
        #expect(alphabet.count == 64)
        for first in alphabet {
            for second in UInt8.min...UInt8.max {
                for text in [[first, second], [65, first, second]] {
                    guard let bytes = Base64URL.decode(text) else { continue }
                    #expect([UInt8](Base64URL.encode(bytes).utf8) == text)
                }
            }
        }
        for text in ["A", "AB", "AAB", "Zg==", "Zg=", " Zg", "Zg ", "Zg\n", "Z.g", "AAAAA"] {
            #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
        }
    }
}

@Suite("Ids, times and keys") struct BasicsTests {
    @Test func sessionIDs() throws {
        var generator = Seeded(51)
        for _ in 0..<200 {
            let bytes = generator.bytes(16)
            let id = try #require(SessionID(bytes: bytes))
            #expect(id.bytes == bytes)
            #expect(id.hex.utf8.count == 32 && id.hex == id.hex.lowercased())
            #expect(SessionID(hex: id.hex) == id)
            #expect(SessionID(hex: id.hex.uppercased()) == id)
            #expect(id.description == String(id.hex.prefix(8)))
        }
        #expect(SessionID(hex: "000102030405060708090a0b0c0d0e0f")?.bytes == [UInt8](0...15))
        let digits = String(repeating: "0", count: 31)
        for text in ["", digits, digits + "00", digits + "g", digits + "é", digits + " ", "0x" + digits.dropLast()] {
            #expect(SessionID(hex: text) == nil, "\(text)")
        }
        for count in [0, 1, 15, 17, 32] { #expect(SessionID(bytes: [UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test func dumpsShowNoWholeIDAndNoSecret() {
        var text = ""
        dump(session(0xAB), to: &text)
        dump(key(0xEE), to: &text)
        #expect(!text.contains(session(0xAB).hex) && !text.contains("238, 238") && !"\(key(0xEE))".contains("238, 238"))
        #expect(!text.lowercased().contains("- 238\n      - 238"))
    }

    @Test func timesSaturate() {
        let times: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for one in times {
            for two in times {
                let sum = Double(one) + Double(two)
                let exact = one.addingReportingOverflow(two)
                #expect(
                    time(one).adding(two).seconds == (exact.overflow ? (sum > 0 ? .max : .min) : exact.partialValue))
                let difference = one.subtractingReportingOverflow(two)
                #expect(
                    time(one).since(time(two))
                        == (difference.overflow ? (one > two ? .max : .min) : difference.partialValue))
            }
        }
    }

    @Test func keyRings() throws {
        #expect(KeyRing(keys: []) == nil)
        #expect(KeyRing(keys: [key(1), key(1, createdAt: 5)]) == nil)
        #expect(KeyRing(keys: [key(1), Key(id: 2, createdAt: time(0), bytes: [1, 2, 3])]) == nil)
        let keys = try ring(key(5, createdAt: 10), key(9, createdAt: 20), key(4, createdAt: 20), key(1, createdAt: 15))
        #expect(keys.current.id == 9)
        #expect(keys.key(id: 1)?.createdAt == time(15))
        #expect(keys.key(id: 2) == nil)
        #expect(keys.keys.map(\.id) == [5, 9, 4, 1])
    }

    @Test func systemRandom() {
        let random = SystemRandom()
        for count in [0, 1, 7, 8, 9, 12, 16, 33] { #expect(random.bytes(count).count == count) }
        #expect(Set((0..<100).map { _ in SessionID.random(random) }).count == 100)
        #expect(Set((0..<100).flatMap { _ in random.bytes(33) }).count > 200, "every position varies")
    }
}

@Suite("Timeouts") struct TimeoutTests {
    private let timeouts = SessionTimeouts(
        idle: 1000, absolute: 10_000, persistentIdle: 7200, persistentAbsolute: 90_000)

    private func handle(first: Int64 = 0, issued: Int64 = 0, isPersistent: Bool = false) -> Handle {
        Handle(
            session: session(1), epoch: 0, firstSeen: time(first), issuedAt: time(issued), isPersistent: isPersistent)
    }

    private func alive(_ handle: Handle, _ now: Int64, lastSeen: Int64? = nil) -> Bool {
        timeouts.isAlive(handle, lastSeen: lastSeen.map(time), now: time(now))
    }

    @Test func idle() {
        #expect(alive(handle(), 1000))
        #expect(!alive(handle(), 1001))
        #expect(alive(handle(), 1001, lastSeen: 1))
        #expect(alive(handle(issued: 500), 1001, lastSeen: 1), "the later of the two counts")
        #expect(!alive(handle(), 2001, lastSeen: 1000))
        #expect(alive(handle(isPersistent: true), 7200))
        #expect(!alive(handle(isPersistent: true), 7201))
    }

    @Test func absolute() {
        #expect(alive(handle(issued: 9500), 9999))
        #expect(!alive(handle(issued: 9500), 10_000))
        #expect(!alive(handle(issued: 9500), 10_000, lastSeen: 9999))
        #expect(alive(handle(issued: 89_000, isPersistent: true), 89_999))
        #expect(!alive(handle(issued: 89_000, isPersistent: true), 90_000))
    }

    @Test func aClockThatWasAnHourAheadKillsNothing() {
        // Issued while the clock was an hour ahead, seen after it was set right; and the same for a record.
        #expect(alive(handle(first: 3600, issued: 3600), 0))
        #expect(!alive(handle(first: 3600, issued: 3601), 0))
        #expect(!alive(handle(first: 3601, issued: 0), 0))
        #expect(alive(handle(), 500, lastSeen: 4100))
        #expect(alive(handle(), 500, lastSeen: 9_999_999), "an impossible time of a record is ignored")
        #expect(!alive(handle(), 1001, lastSeen: 9_999_999))
    }

    @Test func aClockThatJumpsAnHourAheadKillsNothingWithTimeoutsOfMoreThanThat() {
        var generator = Seeded(60)
        for _ in 0..<1000 {
            let age = Int64.random(in: 0...3600, using: &generator)
            let handle = handle(first: 0, issued: 100, isPersistent: true)
            #expect(alive(handle, 100 + age))
            #expect(alive(handle, 100 + age + 3600), "idle is two hours here")
            #expect(alive(handle, 100 + age - 3600))
        }
    }

    @Test func extremes() {
        for seconds in [Int64.min, -1, 0, .max] {
            for now in [Int64.min, -1, 0, .max] {
                _ = alive(handle(first: seconds, issued: seconds), now, lastSeen: seconds)
                _ = timeouts.shouldReissue(handle(first: seconds, issued: seconds), now: time(now))
            }
        }
        #expect(!alive(handle(first: .min, issued: .min), 0))
        #expect(!alive(handle(first: .max, issued: .max), 0))
    }

    @Test func reissue() {
        #expect(!timeouts.shouldReissue(handle(), now: time(249)))
        #expect(timeouts.shouldReissue(handle(), now: time(250)))
        #expect(!timeouts.shouldReissue(handle(isPersistent: true), now: time(1799)))
        #expect(timeouts.shouldReissue(handle(isPersistent: true), now: time(1800)))
        #expect(!timeouts.shouldReissue(handle(issued: 3600), now: time(0)))
        let odd = SessionTimeouts(idle: 10, absolute: 100, persistentIdle: 10, persistentAbsolute: 100)
        #expect(!odd.shouldReissue(handle(), now: time(2)))
        #expect(odd.shouldReissue(handle(), now: time(3)))
    }
}
