import CZlib
import HTMLInjection
import NIOCore
import Testing

/// Random documents in every format; zlib is the judge of what comes out.
@Suite("Insertion into a deflate stream")
struct DeflateSplicingTests {
    private func inject(_ pieces: [[UInt8]], _ format: DeflateFormat, _ tag: [UInt8] = tag) -> Transformed {
        transform(
            pieces,
            with: DeflateInjector(tag: ByteBuffer(bytes: tag), format: format, requiresDocumentMarker: false))
    }

    /// A format, what zlib calls it when it encodes and decodes, and what HTTP calls it.
    private enum Format: CaseIterable {
        case gzip, zlib, raw

        func encoded(_ bytes: [UInt8], _ settings: Gzip.Settings) -> [UInt8] {
            switch self {
            case .gzip: Gzip.member(bytes, settings)
            case .zlib: Gzip.deflated(bytes, settings, windowBits: settings.window)
            case .raw: Gzip.deflated(bytes, settings, windowBits: -settings.window)
            }
        }

        /// A reader with no larger a window than the encoder used, where the format tells it.
        func windowBits(_ settings: Gzip.Settings) -> Int32 {
            switch self {
            case .gzip: 15 + 16
            case .zlib: settings.window
            case .raw: -15
            }
        }

        var coding: DeflateFormat { self == .gzip ? .gzip : .deflate }
    }

    @Test(
        "random documents, settings and pieces: exactly the tag is added, and the trailer is right", arguments: 0..<60)
    func documents(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for number in 0..<25 {
            let document = DeflateDocument(&random)
            let format = pick([Format.gzip, .gzip, .zlib, .raw], &random)
            let body = format.encoded(document.bytes, document.settings)
            let result = inject(cut(body, &random), format.coding)
            // A run of one byte in the prologue can be refused for its ratio.
            guard result.outcome == .injected else {
                #expect(result.bytes == body)
                #expect(result.outcome == .skipped(.compressionRatio), "\(seed).\(number)")
                continue
            }
            let read = Gzip.begun(result.bytes, windowBits: format.windowBits(document.settings))
            #expect(read.bytes == document.expected(tag), "\(seed).\(number) \(format) \(document.settings)")
            #expect(read.isComplete && read.rest == 0, "\(seed).\(number) \(format) \(document.settings)")
            // Detours and headers, and literals for matches that would reach too far.
            #expect(result.bytes.count < body.count + body.count / 4 + 6000, "\(seed).\(number) \(document.settings)")
        }
    }

    @Test("a usual page grows by little more than the tag")
    func growth() {
        var random = SplitMix(seed: 1)
        var page = Array("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">".utf8)
        while page.count < 100_000 {
            page += Array("<p class=\"c\(UInt8.random(in: 0...255, using: &random))\">Some text.</p>\n".utf8)
        }
        let body = Gzip.member(page)
        let result = inject([body], .gzip)
        #expect(result.bytes.count < body.count + tag.count + 200)
    }

    @Test("tags of any length, an empty one and one longer than the window", arguments: [0, 1, 3, 258, 1000, 40000])
    func tags(_ count: Int) {
        var random = SplitMix(seed: UInt64(count))
        let tag = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        for _ in 0..<20 {
            let document = DeflateDocument(&random)
            let result = inject([Gzip.member(document.bytes, document.settings)], .gzip, tag)
            guard result.outcome == .injected else { continue }
            #expect(Gzip.opened(result.bytes) == document.expected(tag))
        }
    }

    /// Where no match reaches back over the tag, a page is read from two of its bits at once, if enough has arrived.
    @Test("large pages, whole or damaged, are the same in pieces of any size", arguments: 0..<6)
    func large(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let start = Array("<!doctype html><html><head>".utf8)
        let words = (0..<400).map { _ in
            (0..<Int.random(in: 2...9, using: &random)).map { _ in UInt8.random(in: 97...122, using: &random) }
        }
        var page = start
        while page.count < 300_000 { page += pick(words, &random) + (page.count % 7 == 0 ? [60, 98, 62] : [32]) }
        let settings = Gzip.Settings(
            level: Int32.random(in: 1...9, using: &random),
            strategy: pick([Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_FIXED], &random),
            memory: Int32.random(in: 5...9, using: &random))
        let body = Gzip.member(page, settings)
        let expected = start + tag + page[start.count...]
        // Too short for a second lane.
        let small = inject(pieces(of: body, 500), .gzip)
        #expect(Gzip.opened(small.bytes) == expected)
        for size in [777, 1500, 5000, 16384, body.count] {
            #expect(inject(pieces(of: body, size), .gzip).bytes == small.bytes, "\(seed) \(size)")
        }
        for _ in 0..<15 {
            var damaged = body
            damaged[Int.random(in: body.count / 2..<body.count - 8, using: &random)] ^=
                1 << UInt8.random(in: 0...7, using: &random)
            let first = inject(pieces(of: damaged, 500), .gzip)
            let second = inject(pieces(of: damaged, 16384), .gzip)
            #expect(second.outcome == first.outcome, "\(seed)")
            #expect(second.bytes == first.bytes, "\(seed)")
        }
    }

    @Test("nothing is read that has not arrived, where symbols are long")
    func longSymbols() {
        var random = SplitMix(seed: 11)
        let start = Array("<!doctype html><html><head>".utf8)
        var page = start + (0..<33_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        while page.count < 330_000 {
            let source = page.count - Int.random(in: 24_000...32_000, using: &random)
            page += page[source...].prefix(Int.random(in: 3...258, using: &random))
        }
        let body = Gzip.member(page, Gzip.Settings(level: 9, memory: 9))
        let expected = start + tag + page[start.count...]
        for end in (0..<150).map({ body.count - 100 - 7 * $0 }) {
            #expect(Gzip.opened(inject([Array(body[..<end]), Array(body[end...])], .gzip).bytes) == expected, "\(end)")
        }
    }

    private func pieces(of bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    @Test("distances that the tag makes longer than the window")
    func greatestDistances() {
        var random = SplitMix(seed: 3)
        let start = Array("<!doctype html><html><head>".utf8)
        for gap in stride(from: 32768 - 262 - 100, through: 32768, by: 7) {
            let noise = (0..<gap).map { _ in UInt8.random(in: 0...255, using: &random) }
            let document = start + noise + start
            let result = inject([Gzip.member(document, level: 9)], .gzip)
            #expect(Gzip.opened(result.bytes) == start + tag + noise + start, "gap \(gap)")
        }
    }

    @Test("insertion at every place of a long match, and of a run", arguments: [1, 3, 4, 6, 7])
    func straddling(_ period: Int) {
        // A comment of one repeated piece, into which the end of the comment can fall at any place.
        let piece = Array("<head>x".utf8.suffix(period))
        for count in 0..<40 {
            var prologue = Array("<html><!--".utf8)
            for _ in 0..<count { prologue += piece }
            prologue += Array("--><head>".utf8)
            var document = prologue
            for _ in 0..<60 { document += Array("--><head>".utf8) + piece }
            for level in [1, 9] as [Int32] {
                let body = Gzip.member(document, level: level)
                let expected = prologue + tag + document[prologue.count...]
                #expect(Gzip.opened(inject([body], .gzip).bytes) == expected)
                #expect(Gzip.opened(inject(body.map { [$0] }, .gzip).bytes) == expected)
            }
        }
    }

    @Test("what the upstream has flushed can be read at once, from the insertion point on", arguments: 0..<10)
    func flushes(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        var document = DeflateDocument(&random)
        document.settings.flushes = [pick([Z_SYNC_FLUSH, Z_FULL_FLUSH], &random)]
        document.settings.flushEvery = max(document.bytes.count / 20, 1)
        let body = Gzip.member(document.bytes, document.settings)
        let injector = DeflateInjector(tag: ByteBuffer(bytes: tag), format: .gzip, requiresDocumentMarker: false)
        var sent: [UInt8] = []
        var received: [UInt8] = []
        for byte in body {
            sent.append(byte)
            var out: [ByteBuffer] = []
            injector.push(ByteBuffer(bytes: [byte]), into: &out)
            for buffer in out { received += buffer.readableBytesView }
            // The mark that a flush leaves.
            guard injector.outcome == .injected, sent.suffix(4) == [0, 0, 0xFF, 0xFF] else { continue }
            let known = Gzip.begun(sent).bytes
            guard known.count > document.prologue.count else { continue }
            #expect(Gzip.begun(received).bytes == Array(document.expected(tag).prefix(known.count + tag.count)))
        }
    }

    @Test("a zlib stream that needs a dictionary, and what is no deflate at all, pass untouched")
    func notDeflate() {
        let document = Array("<html><head><title>".utf8)
        var dictionary = Gzip.deflated(document, Gzip.Settings(), windowBits: 15)
        dictionary[1] = 0xBB  // FDICT, with the check bits for it
        for body in [dictionary, document, [0x78], [0x78, 0x9C], [0x07, 0xFF]] {
            for pieces in [[body], body.map { [$0] }] {
                #expect(
                    inject(pieces, .deflate)
                        == Transformed(bytes: body, length: .exact(0), outcome: .skipped(.undecodable)))
            }
        }
    }
}
