import HTMLInjection
import NIOCore
import Testing

@Suite("Brotli and zstd bodies")
struct RecodingInjectorTests {
    private func injector(_ format: RecodedFormat, marker: Bool = false) -> RecodingInjector {
        RecodingInjector(tag: ByteBuffer(bytes: tag), format: format, requiresDocumentMarker: marker)
    }

    private func inject(_ pieces: [[UInt8]], _ format: RecodedFormat, marker: Bool = false) -> Transformed {
        transform(pieces, with: injector(format, marker: marker))
    }

    private static let opening = Array("<!doctype html><html lang=en><head>".utf8)
    private static let small = opening + Array("<title>some title</title><body>some text".utf8)
    private static let smallExpected = opening + tag + Array("<title>some title</title><body>some text".utf8)

    /// A page longer than a window of 64 KiB, not too regular.
    private static func page(_ random: inout SplitMix, count: Int = 150_000) -> [UInt8] {
        var page = opening
        while page.count < count {
            let run = String(repeating: " ", count: Int.random(in: 0...30, using: &random))
            page += Array("<p class=c\(UInt16.random(in: 0...999, using: &random))>text\(run)</p>\n".utf8)
        }
        return page
    }

    private static func expected(_ page: [UInt8]) -> [UInt8] { opening + tag + page.dropFirst(opening.count) }

    /// The bytes in pieces of random sizes.
    private func pieces(_ bytes: [UInt8], _ random: inout SplitMix) -> [[UInt8]] {
        var rest = bytes[...]
        var pieces: [[UInt8]] = []
        let largest = [1, 7, 300, 5000, 70_000].randomElement(using: &random) ?? 1
        while !rest.isEmpty {
            let count = min(Int.random(in: 1...largest, using: &random), rest.count)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private func untouched(_ body: [UInt8], _ reason: InjectionSkip) -> Transformed {
        Transformed(bytes: body, length: .exact(0), outcome: .skipped(reason))
    }

    // MARK: Round trips

    @Test("golden documents", arguments: RecodedFormat.allCases, GoldenDocument.all)
    func golden(_ format: RecodedFormat, _ document: GoldenDocument) {
        let body = Recoded.body(document.bytes, format)
        var divisions = [[body], split(body, at: body.count / 2)]
        if body.count <= 2000 { divisions.append(body.map { [$0] }) }
        for pieces in divisions {
            let result = inject(pieces, format, marker: document.requiresDocumentMarker)
            guard let skip = document.skip else {
                #expect(result.outcome == .injected)
                #expect(Recoded.opened(result.bytes, format) == document.expected(tag))
                continue
            }
            #expect(result.bytes == body && result.length == .exact(0))
            // A long run of one byte is refused for its ratio first.
            #expect(result.outcome == .skipped(skip) || result.outcome == .skipped(.compressionRatio))
        }
    }

    @Test("all brotli qualities and windows, flushed and whole", arguments: UInt32(0)...11)
    func brotliSettings(_ quality: UInt32) {
        var random = SplitMix(seed: UInt64(quality))
        for window in UInt32(10)...24 {
            let page = Self.page(&random, count: quality > 9 ? 20_000 : 100_000)
            let flush = Bool.random(using: &random) ? Int.random(in: 100...9000, using: &random) : nil
            let body = Recoded.brotli(page, quality: quality, window: window, flushEvery: flush)
            let result = inject(pieces(body, &random), .brotli)
            #expect(result.outcome == .injected)
            #expect(Recoded.opened(result.bytes, .brotli) == Self.expected(page), "\(window), \(flush ?? 0)")
        }
    }

    @Test("all zstd levels and windows, with and without checksum", arguments: [Int32(-5)] + Array(1...22))
    func zstdSettings(_ level: Int32) {
        var random = SplitMix(seed: UInt64(bitPattern: Int64(level)))
        for window in stride(from: Int32(10), through: 23, by: level > 15 ? 4 : 1) {
            let page = Self.page(&random, count: level > 15 ? 20_000 : 100_000)
            let flush = Bool.random(using: &random) ? Int.random(in: 100...9000, using: &random) : nil
            let body = Recoded.zstd(
                page, level: level, window: window, hasChecksum: Bool.random(using: &random), flushEvery: flush)
            let result = inject(pieces(body, &random), .zstd)
            #expect(result.outcome == .injected)
            #expect(Recoded.opened(result.bytes, .zstd) == Self.expected(page), "\(window), \(flush ?? 0)")
        }
    }

    @Test("random documents in random pieces", arguments: RecodedFormat.allCases, 0..<10)
    func randomDocuments(_ format: RecodedFormat, _ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<20 {
            var document = GoldenDocument.all.randomElement(using: &random) ?? GoldenDocument.heads[0]
            guard document.bytes.count <= 2000 else { continue }
            document.bytes = mutated(document.bytes, &random)
            let plain = transform(
                [document.bytes], with: IdentityInjector(tag: ByteBuffer(bytes: tag), requiresDocumentMarker: false))
            let body = Recoded.body(document.bytes, format)
            let result = inject(pieces(body, &random), format)
            #expect(result.outcome == plain.outcome)
            if plain.outcome == .injected {
                #expect(Recoded.opened(result.bytes, format) == plain.bytes)
            } else {
                #expect(result.bytes == body)
            }
        }
    }

    @Test("what the upstream flushes comes out at once", arguments: RecodedFormat.allCases)
    func flushes(_ format: RecodedFormat) {
        let document = Array("<html><head><title>x</title><p>one<p>two<p>three".utf8)
        let body =
            format == .brotli
            ? Recoded.brotli(document, flushEvery: 12) : Recoded.zstd(document, flushEvery: 12)
        let expected = Array("<html><head>".utf8) + tag + Array(document[12...])
        let injector = injector(format)
        var received: [UInt8] = []
        var reached = 0
        for index in body.indices {
            var out: [ByteBuffer] = []
            injector.push(ByteBuffer(bytes: body[index...index]), into: &out)
            for buffer in out { received += buffer.readableBytesView }
            // A reader of the original so far has no more than a reader of ours.
            let original = Recoded.read(Array(body[...index]), format).bytes
            guard original.count > 12 else { continue }
            reached = original.count
            let readable = Recoded.read(received, format)
            #expect(readable.bytes == Array(expected.prefix(original.count + tag.count)), "byte \(index)")
            #expect(!readable.isDamaged)
        }
        #expect(reached == document.count)
    }

    @Test("a piece that decodes to nothing sends nothing", arguments: RecodedFormat.allCases)
    func quietPieces(_ format: RecodedFormat) throws {
        let document = Array("<head>xy".utf8)
        let body = format == .brotli ? Recoded.brotli(document, flushEvery: 7) : Recoded.zstd(document, flushEvery: 7)
        let flushed = try #require(body.indices.first { Recoded.read(Array(body[..<$0]), format).bytes.count == 7 })
        #expect(Recoded.read(Array(body[...flushed]), format).bytes.count == 7)
        let injector = injector(format)
        var out: [ByteBuffer] = []
        injector.push(ByteBuffer(bytes: body[..<flushed]), into: &out)
        #expect(!out.isEmpty && injector.outcome == .injected)
        out = []
        injector.push(ByteBuffer(bytes: body[flushed...flushed]), into: &out)
        #expect(out.isEmpty)
    }

    // MARK: Framing

    @Test("zstd frames, skippable ones among them, become one")
    func frames() {
        for cut in [0, 10, Self.opening.count, 40, Self.small.count] {
            let body =
                Recoded.skippable([1, 2, 3]) + Recoded.zstd(Array(Self.small[..<cut])) + Recoded.zstd([])
                + Recoded.skippable([], magic: 0x5F) + Recoded.zstd(Array(Self.small[cut...]), hasChecksum: false)
                + Recoded.skippable([UInt8](repeating: 7, count: 300))
            for index in 0...body.count {
                let result = inject(split(body, at: index), .zstd)
                #expect(Recoded.opened(result.bytes, .zstd) == Self.smallExpected, "cut \(cut), split \(index)")
            }
        }
    }

    @Test("bytes after brotli's end are dropped, as browsers do; after a zstd frame they are damage, as for browsers")
    func trailingBytes() {
        for padding in [[0], Array("garbage".utf8), Recoded.brotli(Self.small)] {
            let body = Recoded.brotli(Self.small)
            for pieces in [[body + padding], [body, padding]] {
                #expect(Recoded.opened(inject(pieces, .brotli).bytes, .brotli) == Self.smallExpected)
            }
            let frame = Recoded.zstd(Self.small)
            guard padding.count > 4 else { continue }
            let result = inject([frame, padding], .zstd)
            #expect(result.outcome == .failed(.damaged))
            #expect(Recoded.opened(result.bytes, .zstd) == nil)
            // What is known before anything was released passes as it came.
            #expect(inject([frame + padding], .zstd) == untouched(frame + padding, .undecodable))
        }
        let unfinished = inject([Recoded.zstd(Self.small) + [0x28, 0xB5]], .zstd)
        #expect(unfinished.outcome == .failed(.truncated))
    }

    @Test("a bomb that comes in one piece passes untouched", arguments: RecodedFormat.allCases)
    func bombInOnePiece(_ format: RecodedFormat) {
        let body = Recoded.body(Self.opening + [UInt8](repeating: 0x20, count: 40 << 20), format)
        #expect(body.count < 64 << 10)
        #expect(inject([body], format) == untouched(body, .compressionRatio))
    }

    @Test("what is not of the coding at all passes untouched", arguments: RecodedFormat.allCases)
    func foreign(_ format: RecodedFormat) {
        for body in [Array("<html><head>".utf8), [0x1F, 0x8B, 8, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x28]] {
            for pieces in [[body], body.map { [$0] }] {
                #expect(inject(pieces, format) == untouched(body, .undecodable))
            }
        }
        #expect(inject([], format) == untouched([], .empty))
    }

    // MARK: Bounds

    @Test("windows beyond what browsers grant pass untouched")
    func windows() {
        var random = SplitMix(seed: 1)
        let page = Self.page(&random)
        let large = Recoded.brotli(page, window: 26, isLarge: true)
        #expect(inject([large], .brotli) == untouched(large, .undecodable))
        // Flushed, so that the frame's header does not tell that the page is shorter than the window.
        let huge = Recoded.zstd(page, window: 24, flushEvery: 1000)
        #expect(inject([huge], .zstd) == untouched(huge, .undecodable))
    }

    @Test("our own zstd window is one that every recipient grants")
    func ownWindow() {
        var random = SplitMix(seed: 1)
        let result = inject([Recoded.zstd(Self.page(&random))], .zstd)
        // Frame_Header_Descriptor: no Single_Segment, checksum; then Window_Descriptor (RFC 8878 §3.1.1.1).
        #expect(result.bytes[4] & 0x24 == 0x04)
        #expect(10 + result.bytes[5] >> 3 <= 23)
    }

    @Test(
        "a bomb in front of the insertion point is left alone; behind it, it streams",
        arguments: RecodedFormat.allCases)
    func bombs(_ format: RecodedFormat) {
        let zeros = [UInt8](repeating: 0x20, count: 4 << 20)
        let before = Recoded.body(zeros + Array("<head>".utf8), format)
        #expect(inject([before], format) == untouched(before, .compressionRatio))
        let after = Recoded.body(Array("<head>".utf8) + zeros, format)
        let result = inject([after], format)
        #expect(result.bytes.count < 20_000)
        #expect(Recoded.opened(result.bytes, format) == Array("<head>".utf8) + tag + zeros)
    }

    @Test("a bomb without end is broken off", arguments: RecodedFormat.allCases)
    func endlessBombs(_ format: RecodedFormat) {
        var limits = RecodingLimits()
        limits.bodyAllowance = 1 << 20
        let injector = RecodingInjector(
            tag: ByteBuffer(bytes: tag), format: format, requiresDocumentMarker: false, limits: limits)
        let body = Recoded.body(Array("<head>".utf8) + [UInt8](repeating: 0x20, count: 64 << 20), format)
        // Byte by byte, so that the tag has gone out before the bomb comes.
        let result = transform(body.map { [$0] }, with: injector)
        #expect(result.outcome == .failed(.compressionRatio))
        #expect(Recoded.opened(result.bytes, format) == nil)
    }

    @Test("what decodes to nothing is not held for ever", arguments: RecodedFormat.allCases)
    func endlessNothing(_ format: RecodedFormat) {
        let injector = injector(format)
        // Brotli: a metadata block of 64 KiB (RFC 7932 §9.2), again and again; zstd: skippable frames.
        let filling = [UInt8](repeating: 0, count: 65535)
        let start: [UInt8] = format == .brotli ? [0x21] : []
        let again: [UInt8] = format == .brotli ? [0x2C, 0x00, 0x00] : Recoded.skippable(filling)
        var out: [ByteBuffer] = []
        if !start.isEmpty { injector.push(ByteBuffer(bytes: start), into: &out) }
        for _ in 0..<100_000 where injector.outcome == .undecided {
            injector.push(ByteBuffer(bytes: again), into: &out)
        }
        #expect(injector.outcome == .skipped(.prefixTooLong) || injector.outcome == .skipped(.undecodable))
        #expect(injector.length == .exact(0) && !out.isEmpty)
    }

    // MARK: Damage

    @Test(
        "cut off before the insertion point: untouched; after it: failed, and never a proper end",
        arguments: RecodedFormat.allCases)
    func truncations(_ format: RecodedFormat) {
        let body = Recoded.body(Self.small, format)
        for count in 1..<body.count {
            let cut = Array(body[..<count])
            for pieces in [[cut], cut.map { [$0] }] {
                let result = inject(pieces, format)
                switch result.outcome {
                case .skipped: #expect(result.bytes == cut)
                case .failed(.truncated): #expect(Recoded.opened(result.bytes, format) == nil)
                default: Issue.record("\(count): \(result.outcome)")
                }
            }
        }
    }

    @Test(
        "every flipped bit: no trap, and with a checksum never a whole page that is wrong",
        arguments: RecodedFormat.allCases)
    func flippedBits(_ format: RecodedFormat) {
        let body = Recoded.body(Self.small, format)
        for bit in 0..<body.count * 8 {
            var flipped = body
            flipped[bit / 8] ^= 1 << (bit % 8)
            let original = Recoded.read(flipped, format)
            for pieces in [[flipped], flipped.map { [$0] }] {
                let result = inject(pieces, format)
                switch result.outcome {
                case .skipped: #expect(result.bytes == flipped)
                case .failed: #expect(Recoded.opened(result.bytes, format) == nil)
                case .injected:
                    // Without a checksum it is what the browser would have seen, and the tag.
                    let opened = Recoded.opened(result.bytes, format)
                    #expect(opened?.count == original.bytes.count + tag.count)
                    if format == .zstd, original.isComplete { #expect(opened == Self.smallExpected) }
                case .undecided: Issue.record("no decision")
                }
            }
        }
    }

    @Test("random damage", arguments: RecodedFormat.allCases, 0..<10)
    func mutations(_ format: RecodedFormat, _ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<100 {
            let page = Self.page(&random, count: Int.random(in: 100...4000, using: &random))
            let body = mutated(Recoded.body(page, format), &random)
            let whole = inject([body], format)
            let divided = inject(pieces(body, &random), format)
            for result in [whole, divided] {
                switch result.outcome {
                case .skipped: #expect(result.bytes == body)
                case .failed: #expect(Recoded.opened(result.bytes, format) == nil)
                case .injected: #expect(Recoded.opened(result.bytes, format) != nil)
                case .undecided: Issue.record("no decision")
                }
                #expect((result.outcome == .injected) == (whole.outcome == .injected))
            }
        }
    }
}
