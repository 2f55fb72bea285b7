import NIOCore
import Testing

@testable import HTTPWire

@Suite struct BodyTests {
    static let rejected: [Rejection] =
        [
            "\r\n", ";a\r\n", " 5\r\nabcde\r\n", "5 \r\nabcde\r\n", "5 ;a\r\nabcde\r\n", "5\t\r\nabcde\r\n",
            "0x5\r\nabcde\r\n",
            "+5\r\nabcde\r\n", "-5\r\nabcde\r\n", "5_0\r\n", "5,5\r\n", "g\r\n", "5\nabcde\r\n0\r\n\r\n", "5\rabcde",
            "5\r\rabcde", "5\n\rabcde", "1000000000000000\r\n", "fffffffffffffffff\r\n", "0000000000000001\r\na\r\n",
            "5;a\nabcde\r\n", "5;a\0\r\nabcde\r\n", "5;a\rb\r\nabcde\r\n", "5;\u{7F}\r\nabcde\r\n",
            "5;\u{85}\r\nabcde\r\n", "5;\u{0B}\r\nabcde\r\n", "\u{B5}\r\n",
            "5;\(String(repeating: "a", count: 256))\r\nabcde\r\n", "0 \r\n\r\n", "0\n\n", "-0\r\n\r\n",
        ].map { Rejection("chunk line", $0, "badChunk 400") }
        + [
            "5\r\nabcdefg\r\n", "5\r\nabcde0\r\n\r\n", "5\r\nabcde\n0\r\n\r\n", "5\r\nabcde\r0\r\n\r\n",
            "5\r\nabcde\rX0\r\n\r\n",
        ].map {
            Rejection("line end after data", $0, "badChunk 400")
        }
        + [
            .init("bare LF ends the trailers", "0\r\n\n", "bareLF 400"),
            .init("bare LF in the trailers", "0\r\nA: b\n\r\n", "bareLF 400"),
            .init("empty trailer name", "0\r\n: b\r\n\r\n", "emptyFieldName 400"),
            .init("space before colon", "0\r\nA : b\r\n\r\n", "badFieldName 400"),
            .init("obs-fold", "0\r\nA: b\r\n c\r\n\r\n", "obsoleteFold 400"),
            .init("bare CR", "0\r\nA: b\rc\r\n\r\n", "bareCR 400"),
            .init("NUL", "0\r\nA: \0\r\n\r\n", "badFieldValue 400"),
            .init("a request for trailers", "0\r\nGET / HTTP/1.1\r\n\r\n", "badFieldName 400"),
        ]

    @Test(arguments: rejected)
    func refusedHoweverItIsCut(_ row: Rejection) {
        let bytes = row.text.latin1
        let whole = readBody([bytes[...]])
        #expect(whole.outcome == row.outcome)
        for cut in everyCut(of: bytes) { #expect(readBody(cut) == whole, "first \(cut[0].count) bytes") }
    }

    static let accepted: [(String, String, String)] = [
        ("0\r\n\r\n", "", ""),
        ("000\r\n\r\n", "", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("1\r\na\r\n2\r\nbc\r\nA\r\n0123456789\r\nb\r\n0123456789-\r\n0\r\n\r\n", "abc01234567890123456789-", ""),
        ("5;a=b;c=\"d e\"\r\n\r\n\r\n0\r\n0;last\r\n\r\n", "\r\n\r\n0", ""),
        ("00000000000005;\t \r\nhello\r\n0;\r\n\r\n", "hello", ""),
        ("1;\(String(repeating: "a", count: 255))\r\nx\r\n0\r\n\r\n", "x", ""),
        ("1\r\na\r\n0\r\nGrpc-Status: 0\r\nServer-Timing:x\r\n\r\n", "a", "Grpc-Status: 0\r\nServer-Timing:x\r\n"),
        ("0\r\nETag: a\r\nContent-Digest: b\r\nX: \r\n\r\n", "", "ETag: a\r\nContent-Digest: b\r\nX: \r\n"),
        (
            "0\r\nContent-Length: 5\r\nA: 1\r\nB: 2\r\nHost: x\r\nC: 3\r\nContent_Length: 5\r\n\r\n", "",
            "A: 1\r\nB: 2\r\nC: 3\r\n"
        ),
    ]

    @Test(arguments: accepted)
    func decodedHoweverItIsCut(text: String, data: String, trailers: String) {
        let bytes = text.latin1 + "GET".latin1
        let expected = Parsed(outcome: "end", left: 3, facts: [data, trailers])
        for cut in everyCut(of: bytes) { #expect(readBody(cut) == expected, "first \(cut[0].count) bytes") }
    }

    @Test(arguments: [
        "Transfer-Encoding", "content-length", "Host", "HOST", "Trailer", "Connection", "Upgrade", "TE", "Cookie",
        "Set-Cookie",
        "Authorization", "Proxy-Authorization", "Proxy-Anything", "WWW-Authenticate", "Content-Type",
        "Content-Encoding",
        "Content-Range", "Content-Anything", "Cache-Control", "Expires", "Vary", "Location", "Range", "If-Match",
        "If-Anything",
        "Expect", "Max-Forwards", "X-Forwarded-For", "X-Forwarded-Anything", "Forwarded", "Sec-Fetch-Site", "Origin",
        "Access-Control-Allow-Origin", "Set_Cookie", "set.cookie", "Transfer_Encoding", "X_Forwarded.For",
        "sec_anything",
        "X-Session-Id", "x_session.ID",
    ])
    func forbiddenTrailersAreDropped(name: String) {
        let text = "0\r\nA: 1\r\n\(name): x\r\nB: 2\r\n\r\n".latin1
        let names = [FoldedName("X-Session-User"), FoldedName("X-Session-Id")]
        #expect(readBody([text[...]], dropping: names).facts == ["", "A: 1\r\nB: 2\r\n"])
        #expect(readBody(text.indices.map { text[$0...$0] }, dropping: names).facts == ["", "A: 1\r\nB: 2\r\n"])
    }

    @Test func trailerLimits() {
        let limits = HeadLimits(maxBytes: 30, maxFields: 2, maxLine: 12)
        let rows = [
            ("0\r\nA: b\r\nB: c\r\n\r\n", "end"), ("0\r\nA: b\r\nB: c\r\nC: d\r\n\r\n", "tooManyFields 431"),
            ("0\r\nABCDEFG: hij\r\n\r\n", "fieldLineTooLong 431"), ("0\r\nABCDEFG: hij", "more"),
            ("0\r\nABCDEFG: hijk", "fieldLineTooLong 431"),
            ("0\r\nA: 3456789\r\nA: 3456789\r\nABCDEFGHI", "headTooLarge 431"),
        ]
        for (text, outcome) in rows {
            for cut in everyCut(of: text.latin1) { #expect(readBody(cut, limits: limits).outcome == outcome) }
        }
    }

    @Test func extensionsMayNotOutweighTheData() {
        let chunk = "1;\(String(repeating: "a", count: 200))\r\nx\r\n"
        let few = String(repeating: chunk, count: 80) + "0\r\n\r\n"
        #expect(readBody([few.latin1[...]]).outcome == "end")
        #expect(readBody([String(repeating: chunk, count: 90).latin1[...]]).outcome == "badChunk 400")
        // Signed uploads have some 90 bytes for each 8 KiB or more: no limit for those.
        let data = String(repeating: "x", count: 0x2000)
        let signed =
            String(repeating: "2000;\(String(repeating: "a", count: 90))\r\n\(data)\r\n", count: 300) + "0\r\n\r\n"
        #expect(readBody([signed.latin1[...]]).outcome == "end")
    }

    @Test func dataIsHandedOnAsSlices() throws {
        var decoder = ChunkedDecoder(sender: .client)
        var buffer = ByteBuffer(string: "A\r\n01234")
        let source = buffer.withUnsafeReadableBytes { $0.baseAddress }
        guard case .data(let slice) = try decoder.next(&buffer) else {
            Issue.record("no data")
            return
        }
        #expect(slice.withUnsafeReadableBytes { $0.baseAddress } == source.map { $0 + 3 })
        #expect(try decoder.next(&buffer) == .needMore)
        #expect(buffer.readableBytes == 0 && !decoder.isFinished)
    }

    @Test func lengthFraming() {
        for cut in everyCut(of: "helloGET".latin1) {
            #expect(readBody(cut, .length(5)) == Parsed(outcome: "end", left: 3, facts: ["hello", ""]))
        }
        #expect(readBody(["GET".latin1[...]], .length(0)) == Parsed(outcome: "end", left: 3, facts: ["", ""]))
        #expect(readBody(["GET".latin1[...]], .none) == Parsed(outcome: "end", left: 3, facts: ["", ""]))
        var reader = BodyReader(.length(.max), sender: .client)
        #expect(reader.remaining == .max && !reader.isFinished)
        #expect(throws: HTTPWireError(.incompleteMessage, sender: .client)) { try reader.finishAtEOF() }
    }

    @Test func theEndOfTheConnection() {
        let rows: [(String, BodyFraming, String)] = [
            ("abc", .untilClose, "end"), ("", .untilClose, "end"), ("abc", .length(4), "incompleteMessage 400"),
            ("3\r\nabc\r\n", .chunked, "incompleteMessage 400"), ("0\r\n", .chunked, "incompleteMessage 400"),
            ("3\r\na", .chunked, "incompleteMessage 400"), ("", .chunked, "incompleteMessage 400"),
        ]
        for (text, framing, outcome) in rows {
            for cut in everyCut(of: text.latin1) { #expect(readBody(cut, framing, atEOF: true).outcome == outcome) }
        }
        #expect(readBody(["abc".latin1[...]], .untilClose) == Parsed(outcome: "more", facts: ["abc"]))
        #expect(readBody(["abc".latin1[...]], .untilClose, atEOF: true) == Parsed(outcome: "end", facts: ["abc"]))
    }

    @Test func whatIsEncodedDecodes() {
        let sizes = [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65535, 65536, 1_048_577]
        for size in sizes + [.max] {
            var buffer = ByteBuffer()
            ChunkedEncoder.writeHeader(of: size, into: &buffer)
            #expect(String(buffer: buffer) == String(size, radix: 16) + "\r\n")
        }
        var buffer = ByteBuffer()
        var data = ""
        for (index, size) in sizes.enumerated() {
            let piece = String(repeating: Character(UnicodeScalar(UInt8(0x61 + index))), count: size)
            ChunkedEncoder.writeHeader(of: size, into: &buffer)
            buffer.writeString(piece)
            ChunkedEncoder.writeDataEnd(into: &buffer)
            data += piece
        }
        ChunkedEncoder.writeHeader(of: 0, into: &buffer)
        ChunkedEncoder.writeHeader(of: -1, into: &buffer)
        ChunkedEncoder.writeEnd(trailers: ByteBuffer(string: "A: b\r\n"), into: &buffer)
        let result = readBody([Array(buffer.readableBytesView)[...]])
        #expect(result.outcome == "end" && result.facts == [data, "A: b\r\n"])
        buffer.clear()
        ChunkedEncoder.writeEnd(into: &buffer)
        #expect(String(buffer: buffer) == "0\r\n\r\n")
    }
}
