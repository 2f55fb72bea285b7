import HTMLInjection
import NIOCore
import Testing

let tag = Array("<script src=\"/crossdomain/loader.js\" async></script>".utf8)

/// What came out of a transform, and how.
struct Transformed: Equatable {
    var bytes: [UInt8] = []
    var length: LengthEffect = .undecided
    var outcome: InjectionOutcome = .undecided
}

/// Runs pieces through a transform and checks its promises on the way: nothing before the decision, and the length
/// decided for good.
func transform(_ pieces: [[UInt8]], with injector: any BodyTransform) -> Transformed {
    var result = Transformed()
    func take(_ out: [ByteBuffer]) {
        if injector.length == .undecided { #expect(out.isEmpty) }
        if result.length != .undecided { #expect(injector.length == result.length) }
        result.length = injector.length
        for buffer in out { result.bytes += buffer.readableBytesView }
    }
    for piece in pieces {
        var out: [ByteBuffer] = []
        injector.push(ByteBuffer(bytes: piece), into: &out)
        take(out)
    }
    var out: [ByteBuffer] = []
    injector.finish(into: &out)
    take(out)
    result.outcome = injector.outcome
    return result
}

/// The bytes in two pieces.
func split(_ bytes: [UInt8], at index: Int) -> [[UInt8]] {
    [Array(bytes[..<index]), Array(bytes[index...])]
}

/// Split points: all of a short document, a sample and both ends of a long one.
func splitPoints(_ count: Int) -> [Int] {
    count <= 2000 ? Array(0...count) : Array(0...20) + stride(from: 21, to: count, by: 4001) + Array(count - 20...count)
}

@Suite("Identity bodies")
struct IdentityInjectorTests {
    private func inject(_ document: GoldenDocument, _ pieces: [[UInt8]]) -> Transformed {
        transform(
            pieces,
            with: IdentityInjector(
                tag: ByteBuffer(bytes: tag), requiresDocumentMarker: document.requiresDocumentMarker))
    }

    @Test("there are enough documents, with names of their own")
    func names() {
        #expect(GoldenDocument.all.count >= 60)
        #expect(Set(GoldenDocument.all.map(\.name)).count == GoldenDocument.all.count)
        for document in GoldenDocument.all { #expect((document.point == nil) == (document.skip != nil)) }
    }

    @Test("golden documents, whole, byte by byte and in two pieces", arguments: GoldenDocument.all)
    func golden(_ document: GoldenDocument) {
        let expected = Transformed(
            bytes: document.expected(tag), length: .exact(document.point == nil ? 0 : tag.count),
            outcome: document.skip.map { .skipped($0) } ?? .injected)
        #expect(inject(document, [document.bytes]) == expected)
        if document.bytes.count <= 2000 { #expect(inject(document, document.bytes.map { [$0] }) == expected) }
        for index in splitPoints(document.bytes.count) {
            #expect(inject(document, split(document.bytes, at: index)) == expected, "split at \(index)")
        }
    }

    @Test("the body's bytes are not copied")
    func zeroCopy() throws {
        let chunk = ByteBuffer(bytes: Array("<html><head><title>x</title>".utf8))
        let injector = IdentityInjector(tag: ByteBuffer(bytes: tag), requiresDocumentMarker: false)
        var out: [ByteBuffer] = []
        injector.push(chunk, into: &out)
        try #require(out.count == 3)
        let whole = chunk.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(out[0].withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == whole)
        #expect(out[2].withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == whole + 12)
    }

    @Test("after the insertion point every piece comes out at once")
    func streaming() {
        let injector = IdentityInjector(tag: ByteBuffer(bytes: tag), requiresDocumentMarker: false)
        var out: [ByteBuffer] = []
        injector.push(ByteBuffer(string: "<head>"), into: &out)
        #expect(injector.outcome == .injected)
        out = []
        injector.push(ByteBuffer(string: "<head>"), into: &out)
        #expect(out == [ByteBuffer(string: "<head>")])
    }

    @Test("random edits of documents: whole and split agree, and only the tag is added", arguments: 0..<40)
    func mutations(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<100 {
            var document = GoldenDocument.all.randomElement(using: &random) ?? GoldenDocument.heads[0]
            guard document.bytes.count <= 2000 else { continue }
            document.bytes = mutated(document.bytes, &random)
            let whole = inject(document, [document.bytes])
            #expect(inject(document, document.bytes.map { [$0] }) == whole)
            let index = Int.random(in: 0...document.bytes.count, using: &random)
            #expect(inject(document, split(document.bytes, at: index)) == whole)
            switch whole.outcome {
            case .injected: #expect(without(tag, whole.bytes, original: document.bytes))
            case .skipped: #expect(whole.bytes == document.bytes)
            default: Issue.record("no decision: \(whole.outcome)")
            }
        }
    }

    private func without(_ tag: [UInt8], _ bytes: [UInt8], original: [UInt8]) -> Bool {
        guard bytes.count == original.count + tag.count else { return false }
        return (0...original.count).contains { original[..<$0] + tag + original[$0...] == bytes[...] }
    }
}

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A few bytes replaced, removed, doubled or inserted, mostly with those that HTML is made of.
func mutated(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = bytes
    let markup = Array("<>/!-\"'=& \n#;xheadhtmlbr?[".utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
        let index = Int.random(in: 0...bytes.count, using: &random)
        let byte = markup.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where index < bytes.count: bytes.remove(at: index)
        case 1 where index < bytes.count: bytes[index] = byte
        case 2 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.insert(contentsOf: bytes[index...].prefix(12), at: index)
        default: bytes.insert(byte, at: index)
        }
    }
    return bytes
}
