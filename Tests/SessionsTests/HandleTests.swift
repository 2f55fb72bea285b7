import Crypto
import Testing

@testable import Sessions

@Suite("Handles") struct HandleTests {
    private let sealer: HandleSealer
    private let keys: KeyRing

    init() throws {
        keys = try ring(key(7))
        sealer = HandleSealer(keys: keys, random: SeededSource(7))
    }

    @Test func roundTrip() {
        var generator = Seeded(10)
        for _ in 0..<500 {
            let handle = generator.handle()
            let scope = generator.adversarialText()
            let group = generator.adversarialText()
            for purpose in [HandlePurpose.session, .crossSiteCheck] {
                let text = sealer.seal(handle, scope: scope, purpose: purpose, group: group)
                #expect(text.utf8.count == HandleSealer.encodedCount)
                #expect(text.utf8.allSatisfy { $0 < 128 })
                #expect(sealer.open(text.utf8, scope: scope, purpose: purpose, group: group) == handle)
            }
        }
    }

    @Test func theSameHandleNeverSealsToTheSameText() {
        var generator = Seeded(11)
        let handle = generator.handle()
        let texts = (0..<100).map { _ in sealer.seal(handle, scope: "s", purpose: .session, group: "g") }
        #expect(Set(texts).count == 100)
    }

    @Test func everyOtherByteAtEveryPositionFails() {
        var generator = Seeded(12)
        let text = [UInt8](sealer.seal(generator.handle(), scope: "s", purpose: .session, group: "g").utf8)
        #expect(sealer.open(text, scope: "s", purpose: .session, group: "g") != nil)
        for position in text.indices {
            // All bytes but the right one: every one-bit change and every replacement of a character are among them.
            for byte in UInt8.min...UInt8.max where byte != text[position] {
                var changed = text
                changed[position] = byte
                #expect(
                    sealer.open(changed, scope: "s", purpose: .session, group: "g") == nil, "\(byte) at \(position)")
            }
        }
    }

    @Test func otherLengthsFail() {
        var generator = Seeded(13)
        let text = [UInt8](sealer.seal(generator.handle(), scope: "s", purpose: .session, group: "g").utf8)
        for count in 0..<text.count {
            #expect(sealer.open(text.prefix(count), scope: "s", purpose: .session, group: "g") == nil)
            #expect(sealer.open(text.dropFirst(count + 1), scope: "s", purpose: .session, group: "g") == nil)
        }
        for addition in ["A", "=", "==", "\0", " ", "AAAA"] {
            #expect(sealer.open(text + addition.utf8, scope: "s", purpose: .session, group: "g") == nil)
        }
    }

    @Test func anotherScopePurposeOrGroupFails() {
        var generator = Seeded(14)
        for _ in 0..<300 {
            let handle = generator.handle()
            let scope = generator.adversarialText()
            let group = generator.adversarialText()
            let text = sealer.seal(handle, scope: scope, purpose: .session, group: group)
            #expect(sealer.open(text.utf8, scope: scope, purpose: .crossSiteCheck, group: group) == nil)
            let other = (generator.adversarialText(), generator.adversarialText())
            let isSame = other.0.utf8.elementsEqual(scope.utf8) && other.1.utf8.elementsEqual(group.utf8)
            #expect((sealer.open(text.utf8, scope: other.0, purpose: .session, group: other.1) == nil) == !isSame)
        }
        let text = sealer.seal(generator.handle(), scope: "\u{E9}", purpose: .session, group: "g")
        #expect(sealer.open(text.utf8, scope: "e\u{301}", purpose: .session, group: "g") == nil)
    }

    @Test func anUnknownKeyFailsAndAnOldKeyOpens() throws {
        var generator = Seeded(15)
        let handle = generator.handle()
        let source = SeededSource(15)
        let old = HandleSealer(keys: try ring(key(1, createdAt: 1)), random: source)
        let both = HandleSealer(keys: try ring(key(2, createdAt: 2), key(1, createdAt: 1)), random: source)
        let new = HandleSealer(keys: try ring(key(2, createdAt: 2)), random: source)
        let impostor = HandleSealer(keys: try ring(key(1, createdAt: 1, fill: 9)), random: source)
        func open(_ sealer: HandleSealer, _ text: String) -> Handle? {
            sealer.open(text.utf8, scope: "s", purpose: .session, group: "g")
        }
        let byOld = old.seal(handle, scope: "s", purpose: .session, group: "g")
        let byBoth = both.seal(handle, scope: "s", purpose: .session, group: "g")
        #expect(open(both, byOld) == handle)
        #expect(open(new, byOld) == nil)
        #expect(open(impostor, byOld) == nil, "the same id, another secret")
        #expect(open(new, byBoth) == handle, "the newest key seals")
        #expect(open(old, byBoth) == nil)
    }

    @Test func garbageNeverOpens() {
        var generator = Seeded(16)
        for count in 0..<300 {
            #expect(sealer.open(generator.bytes(count), scope: "s", purpose: .session, group: "g") == nil)
        }
        for _ in 0..<2000 {
            let text = Base64URL.encode([1, 0, 0, 0, 7] + generator.bytes(65))
            #expect(text.utf8.count == HandleSealer.encodedCount)
            #expect(sealer.open(text.utf8, scope: "s", purpose: .session, group: "g") == nil)
        }
    }

    /// The format, opened by hand: what is written here must never change without a new version.
    @Test func theFormatIsTheDocumentedOne() throws {
        let handle = Handle(
            session: session(5), epoch: 0x0102_0304, firstSeen: time(6), issuedAt: time(-1), isPersistent: true)
        let text = sealer.seal(handle, scope: "shop.example", purpose: .session, group: "brands")
        let blob = try #require(Base64URL.decode(text.utf8))
        #expect(blob.prefix(5) == [1, 0, 0, 0, 7])
        let subkey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8](repeating: 7, count: 32)),
            info: [UInt8]("tombolo handles v1".utf8), outputByteCount: 32)
        var data: [UInt8] = [1, 0, 0, 0, 7, 0, 0, 0, 17]
        data += "tombolo handle v1".utf8
        data += [1, 0, 0, 0, 12] + "shop.example".utf8 + [0, 0, 0, 6] + "brands".utf8
        let plaintext = try AES.GCM.open(
            AES.GCM.SealedBox(combined: blob.dropFirst(5)), using: subkey, authenticating: data)
        var expected = [UInt8](repeating: 0, count: 15) + [5, 1, 2, 3, 4]
        expected += [0, 0, 0, 0, 0, 0, 0, 6] + [UInt8](repeating: 255, count: 8) + [1]
        #expect([UInt8](plaintext) == expected)
    }

    @Test func aPlaintextThatIsNotAHandleDoesNotOpen() throws {
        let context = Envelope.Context(label: "tombolo handle v1", purpose: 1, audience: "s", group: "g")
        func opens(_ plaintext: [UInt8]) -> Bool {
            let text = Envelope.seal(
                plaintext, textClass: .handles, context: context, keys: keys, random: SeededSource(1))
            return sealer.open(text.utf8, scope: "s", purpose: .session, group: "g") != nil
        }
        #expect(opens([UInt8](repeating: 1, count: 37)))
        #expect(!opens([UInt8](repeating: 2, count: 37)), "flags 2")
        #expect(!opens([UInt8](repeating: 1, count: 36)))
        #expect(!opens([UInt8](repeating: 1, count: 38)))
    }
}

@Suite("Associated data") struct AssociatedDataTests {
    @Test func noTwoTuplesShareAnInput() {
        struct Tuple: Hashable {
            var label, audience, group: [UInt8]
            var purpose: UInt8
            var key: UInt32
        }
        var generator = Seeded(20)
        var seen: [[UInt8]: Tuple] = [:]
        for _ in 0..<30_000 {
            let context = Envelope.Context(
                label: generator.adversarialText(), purpose: UInt8.random(in: 0...3, using: &generator),
                audience: generator.adversarialText(), group: generator.adversarialText())
            let id = UInt32.random(in: 0...2, using: &generator)
            let tuple = Tuple(
                label: [UInt8](context.label.utf8), audience: [UInt8](context.audience.utf8),
                group: [UInt8](context.group.utf8), purpose: context.purpose, key: id)
            let input = context.associatedData(version: 1, keyID: id)
            if let other = seen.updateValue(tuple, forKey: input) { #expect(other == tuple) }
        }
        #expect(seen.count > 10_000)
    }

    @Test func digitsDoNotMoveBetweenFields() {
        func input(_ audience: String, _ group: String) -> [UInt8] {
            Envelope.Context(label: "l", purpose: 1, audience: audience, group: group)
                .associatedData(version: 1, keyID: 1)
        }
        #expect(input("host1", "2") != input("host", "12"))
        #expect(input("a\0b", "c") != input("a", "b\0c"))
        #expect(input("", "ab") != input("ab", ""))
        #expect(input("a\0\0\0\u{1}b", "") != input("a", "b"))
    }
}
