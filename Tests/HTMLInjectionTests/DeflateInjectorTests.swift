import CZlib
import HTMLInjection
import NIOCore
import Testing

@Suite("Gzip bodies")
struct DeflateInjectorTests {
    private func inject(_ pieces: [[UInt8]], marker: Bool = false) -> Transformed {
        transform(
            pieces,
            with: DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: marker))
    }

    /// A page long enough for several blocks and windows, not too regular.
    private static let page: [UInt8] = {
        var random = SplitMix(seed: 7)
        var page = Array("<!DOCTYPE html><html><head><title>x</title></head><body>".utf8)
        while page.count < 150_000 {
            page += Array("<p class=c\(UInt16.random(in: 0...999, using: &random))>text</p>\n".utf8)
        }
        return page
    }()

    private static let expectedPage: [UInt8] = {
        let point = Array("<!DOCTYPE html><html><head>".utf8).count
        return page[..<point] + tag + page[point...]
    }()

    @Test("golden documents", arguments: GoldenDocument.all)
    func golden(_ document: GoldenDocument) {
        let body = Gzip.member(document.bytes, level: 0)
        var expected = Transformed(bytes: document.expected(tag), length: .unknown, outcome: .injected)
        if let skip = document.skip {
            // A long run of one byte is refused for its ratio only when it was compressed.
            expected = Transformed(bytes: body, length: .exact(0), outcome: .skipped(skip))
        }
        func check(_ pieces: [[UInt8]]) {
            var result = inject(pieces, marker: document.requiresDocumentMarker)
            if document.skip == nil { result.bytes = Gzip.opened(result.bytes) ?? [] }
            #expect(result == expected)
        }
        check([body])
        if body.count <= 2000 { check(body.map { [$0] }) }
        for index in splitPoints(body.count) { check(split(body, at: index)) }
    }

    @Test("levels", arguments: 0...9)
    func levels(_ level: Int) {
        let body = Gzip.member(Self.page, level: Int32(level))
        let result = inject([body])
        #expect(result.outcome == .injected)
        #expect(Gzip.opened(result.bytes) == Self.expectedPage)
    }

    @Test("strategies", arguments: [Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED])
    func strategies(_ strategy: Int32) {
        let result = inject([Gzip.member(Self.page, strategy: strategy)])
        #expect(Gzip.opened(result.bytes) == Self.expectedPage)
    }

    @Test("header fields, in one piece and byte by byte", arguments: UInt8(0)...31)
    func headers(_ flags: UInt8) {
        let document = Array("<html><head><title>x".utf8)
        let body = Gzip.member(document, header: Gzip.Header(rawValue: flags))
        let expected = Array("<html><head>".utf8) + tag + Array("<title>x".utf8)
        #expect(Gzip.opened(inject([body]).bytes) == expected)
        #expect(Gzip.opened(inject(body.map { [$0] }).bytes) == expected)
    }

    @Test("reserved header flags are not understood: untouched", arguments: [UInt8(32), 64, 128])
    func reservedFlags(_ flags: UInt8) {
        let body = Gzip.member(Self.page, header: Gzip.Header(rawValue: flags))
        #expect(inject([body]) == Transformed(bytes: body, length: .exact(0), outcome: .skipped(.undecodable)))
    }

    @Test("what is not gzip at all passes untouched")
    func notGzip() {
        for body in [Array("<html><head>".utf8), [0x1F], [0x1F, 0x8B], [0x1F, 0x8B, 7, 0, 0, 0], [0x78, 0x9C, 1]] {
            for pieces in [[body], body.map { [$0] }] {
                #expect(
                    inject(pieces) == Transformed(bytes: body, length: .exact(0), outcome: .skipped(.undecodable)))
            }
        }
        #expect(inject([]) == Transformed(bytes: [], length: .exact(0), outcome: .skipped(.empty)))
    }

    @Test("the tag goes into the first member, which is what browsers show; whatever follows passes as it is")
    func members() {
        let first = Array("<!doctype html><html><head><title>x</title>".utf8)
        let expected = Array("<!doctype html><html><head>".utf8) + tag + Array("<title>x</title>".utf8)
        let broken: [UInt8] = [0x1F, 0x8B, 9, 9, 9, 9, 9, 9]
        for following in [Gzip.member(Array("<body>y".utf8)), broken, [0x1F, 0x8B], [0], Array("garbage".utf8)] {
            let member = Gzip.member(first)
            let body = member + following
            for pieces in (0...body.count).map({ split(body, at: $0) }) + [body.map { [$0] }] {
                let result = inject(pieces)
                #expect(result.outcome == .injected)
                #expect(Array(result.bytes.suffix(following.count)) == following)
                #expect(Gzip.opened(Array(result.bytes.dropLast(following.count))) == expected)
            }
        }
    }

    @Test("a first member that has no insertion point passes untouched, with all that follows")
    func emptyFirstMember() {
        let rest = Gzip.member(Array("<!doctype html><html><head>".utf8))
        for (first, skip) in [("", InjectionSkip.empty), (" ", .empty), ("<!doctype ", .unterminated)] {
            let body = Gzip.member(Array(first.utf8)) + rest
            #expect(inject([body]) == Transformed(bytes: body, length: .exact(0), outcome: .skipped(skip)))
        }
    }

    @Test("cut off before the insertion point: untouched; after it: failed, and never a proper end")
    func truncated() {
        let document = Array("<!doctype html><html lang=en><head><title>some title</title><body>text".utf8)
        let body = Gzip.member(document)
        for count in 1..<body.count {
            let cut = Array(body[..<count])
            for pieces in [[cut], cut.map { [$0] }] {
                let result = inject(pieces)
                switch result.outcome {
                case .skipped: #expect(result.bytes == cut)
                case .failed(.truncated): #expect(Gzip.opened(result.bytes) == nil)
                default: Issue.record("\(count): \(result.outcome)")
                }
            }
        }
        #expect(inject([Array(Gzip.member(Self.page).dropLast(1000))]).outcome == .failed(.truncated))
    }

    @Test("a wrong checksum or length in the trailer stays wrong", arguments: 1...8)
    func trailer(_ fromEnd: Int) {
        var body = Gzip.member(Self.page)
        body[body.count - fromEnd] ^= 0x10
        let result = inject([body])
        #expect(result.outcome == .injected)
        #expect(Gzip.opened(result.bytes) == nil)
        #expect(Gzip.begun(result.bytes).bytes == Self.expectedPage)
    }

    @Test("what the upstream flushes comes out at once")
    func flushes() {
        let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false)
        var received: [UInt8] = []
        func push(_ bytes: ArraySlice<UInt8>) {
            var out: [ByteBuffer] = []
            injector.push(ByteBuffer(bytes: bytes), into: &out)
            for buffer in out { received += buffer.readableBytesView }
        }
        let document = Array("<html><head><title>x</title><p>one<p>two<p>three".utf8)
        let body = Gzip.member(document, flushEvery: 12)
        let expected = Array("<html><head>".utf8) + tag + Array(document[12...])
        for index in body.indices {
            push(body[index...index])
            let original = Gzip.begun(Array(body[...index])).bytes
            guard original.count > 12 else { continue }
            // Ours may be at another bit of a byte than the original, so that it can be a symbol behind; where the
            // original is flushed, to a byte's end by an empty stored block (RFC 1951 §3.2.4), it may not.
            let isFlushed = body[...index].suffix(4).elementsEqual([0, 0, 0xFF, 0xFF])
            let known = Gzip.begun(received).bytes
            #expect(known.count >= original.count + tag.count - (isFlushed ? 0 : 4))
            #expect(known == Array(expected.prefix(known.count)))
        }
    }

    @Test("a run that a few bytes stand for comes out whole, whatever its length")
    func longRuns() {
        for count in stride(from: 16_000, through: 17_000, by: 9) {
            let document = Array("<head>".utf8) + [UInt8](repeating: 0x20, count: count)
            let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false)
            var out: [ByteBuffer] = []
            injector.push(ByteBuffer(bytes: Gzip.member(document, level: 9).dropLast(8)), into: &out)
            let received = Gzip.begun(out.flatMap { Array($0.readableBytesView) }).bytes
            #expect(received.count == document.count + tag.count, "run of \(count)")
        }
    }

    @Test("a flush without news sends nothing")
    func quietFlush() {
        let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false)
        var out: [ByteBuffer] = []
        let body = Gzip.member(Array("<head>x".utf8))
        injector.push(ByteBuffer(bytes: body.dropLast(8)), into: &out)
        #expect(!out.isEmpty)
        out = []
        injector.push(ByteBuffer(bytes: body.suffix(8).dropLast(4)), into: &out)
        #expect(out.isEmpty)
    }

    @Test("a bomb in front of the insertion point is left alone; behind it, it streams")
    func bombs() {
        let zeros = [UInt8](repeating: 0x20, count: 8 << 20)
        let before = Gzip.member(zeros + Array("<head>".utf8), level: 9)
        #expect(
            inject([before]) == Transformed(bytes: before, length: .exact(0), outcome: .skipped(.compressionRatio)))
        let after = Gzip.member(Array("<head>".utf8) + zeros, level: 9)
        let result = inject([after])
        #expect(result.outcome == .injected)
        #expect(result.bytes.count < 200_000)
        #expect(Gzip.opened(result.bytes) == Array("<head>".utf8) + tag + zeros)
    }

    @Test("a header without end is not held for ever")
    func endlessHeader() {
        let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false)
        var out: [ByteBuffer] = []
        injector.push(ByteBuffer(bytes: [0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3]), into: &out)
        for _ in 0..<16 where out.isEmpty { injector.push(ByteBuffer(repeating: 0x41, count: 16384), into: &out) }
        #expect(injector.outcome == .skipped(.prefixTooLong))
        #expect(injector.length == .exact(0))
    }
}
