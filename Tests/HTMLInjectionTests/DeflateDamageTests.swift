import CZlib
import HTMLInjection
import NIOCore
import Testing

/// Damaged streams. What a client sees of ours is what it would have seen of the original, with the tag; or the
/// response is broken off where the original is broken.
@Suite("Damaged deflate streams")
struct DeflateDamageTests {
    private static let prologue = Array("<!doctype html><html lang=en><head>".utf8)
    private static let rest = Array("<title>some title</title><body>text, text<html lang=en>".utf8)

    private func inject(_ pieces: [[UInt8]]) -> Transformed {
        transform(
            pieces, with: DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false))
    }

    /// Bodies with blocks of all types.
    private static let bodies: [[UInt8]] = {
        let document = prologue + rest
        var dynamic = Gzip.Settings(level: 9)
        dynamic.strategy = Z_HUFFMAN_ONLY
        // Enough for codes of its own, with matches over the tag.
        var long = document
        long += document.map { $0 ^ 1 }
        for index in 0..<200 { long.append(UInt8(index * 7 % 251)) }
        long += document
        return [
            Gzip.member(document), Gzip.member(document, level: 0),
            Gzip.member(document, Gzip.Settings(strategy: Z_FIXED)),
            Gzip.member(document, dynamic), Gzip.member(document, flushEvery: 20), Gzip.member(long, level: 9),
        ]
    }()

    /// Checks what became of a damaged body against what zlib makes of it.
    private func check(_ body: [UInt8], _ pieces: [[UInt8]], _ comment: Comment) {
        let result = inject(pieces)
        switch result.outcome {
        case .skipped: #expect(result.bytes == body, comment)
        case .injected:
            let original = Gzip.begun(body)
            let changed = Gzip.begun(result.bytes)
            #expect(changed.isComplete == original.isComplete, comment)
            #expect(changed.rest == original.rest, comment)
            #expect(without(tag, changed.bytes, original: original.bytes), comment)
        case .failed:
            #expect(Gzip.opened(result.bytes) == nil, comment)
            #expect(Gzip.opened(body) == nil, comment)
        case .undecided: Issue.record("no decision: \(comment)")
        }
    }

    private func without(_ tag: [UInt8], _ bytes: [UInt8], original: [UInt8]) -> Bool {
        guard bytes.count == original.count + tag.count else { return false }
        return (0...original.count).contains { original[..<$0] + tag + original[$0...] == bytes[...] }
    }

    @Test("every truncation", arguments: bodies.indices)
    func truncations(_ index: Int) {
        let body = Self.bodies[index]
        for count in 0..<body.count {
            let cut = Array(body[..<count])
            check(cut, [cut], "\(count)")
            check(cut, cut.map { [$0] }, "\(count)")
        }
    }

    @Test("every flipped bit", arguments: bodies.indices)
    func flips(_ index: Int) {
        for bit in 0..<Self.bodies[index].count * 8 {
            var body = Self.bodies[index]
            body[bit / 8] ^= 1 << UInt8(bit % 8)
            check(body, [body], "\(bit)")
            check(body, body.map { [$0] }, "\(bit)")
        }
    }

    @Test("random edits", arguments: 0..<20)
    func edits(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<200 {
            let body = mutated(pick(Self.bodies, &random), &random)
            check(body, [body], "\(seed)")
            check(body, body.map { [$0] }, "\(seed)")
        }
    }

    @Test("random bits as blocks: what zlib refuses is refused, what it reads is read", arguments: 0..<20)
    func noise(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let stored = [0, UInt8(Self.prologue.count), 0, ~UInt8(Self.prologue.count), 0xFF] + Self.prologue
        for _ in 0..<500 {
            // A stored block that holds the insertion point, then anything.
            let stream =
                stored
                + (0..<Int.random(in: 0...200, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .deflate, requiresDocumentMarker: false)
            var out: [ByteBuffer] = []
            for byte in stream { injector.push(ByteBuffer(bytes: [byte]), into: &out) }
            injector.finish(into: &out)
            let received = out.flatMap { Array($0.readableBytesView) }
            let original = Gzip.begun(stream, windowBits: -15)
            switch injector.outcome {
            case .injected:
                let changed = Gzip.begun(received, windowBits: -15)
                #expect(original.isComplete && changed.isComplete && changed.rest == original.rest)
                #expect(
                    changed.bytes == Self.prologue + tag + original.bytes.dropFirst(Self.prologue.count))
            case .failed, .skipped: #expect(!original.isComplete)
            case .undecided: Issue.record("no decision")
            }
        }
    }
}
