import NIOCore
import Testing

@testable import HTTPWire

@Suite("HTTP/2 fields and the HTTP/1.1 head that means the same")
struct HTTP2FieldTests {
    typealias Fields = [(String, String)]
    static let get: Fields = [(":method", "GET"), (":scheme", "http"), (":authority", "a.example"), (":path", "/x?y")]
    static let post: Fields = [(":method", "POST")] + get.dropFirst()

    /// The head as it goes upstream, or the name of what was wrong.
    static func head(_ fields: Fields, endsStream: Bool = true) -> String {
        var mapping = HTTP2RequestFields()
        let head = RequestHead()
        do {
            for (name, value) in fields {
                try Array(name.utf8).withUnsafeBytes { name in
                    try Array(value.utf8).withUnsafeBytes { try mapping.add(name: name, value: $0) }
                }
            }
            try mapping.finish(endsStream: endsStream, webSocketKey: { ByteBuffer(string: "KEY") }, into: head)
        } catch let error as HTTP2RequestFields.Malformed {
            return "\(error)"
        } catch {
            switch error as? HTTP2RequestFields.Refusal {
            case .malformed(let error): return "\(error)"
            case .wire(let error): return "\(error.status) \(error.kind)"
            case nil: return "\(error)"
            }
        }
        head.removeHopByHop()
        var buffer = ByteBuffer()
        head.writeHead(into: &buffer)
        return String(buffer: buffer)
    }

    @Test(
        "what is sent on",
        arguments: [
            (get, true, "GET /x?y HTTP/1.1\r\nhost: a.example\r\n"),
            (post, false, "POST /x?y HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n"),
            (post, true, "POST /x?y HTTP/1.1\r\nhost: a.example\r\n"),
            (
                post + [("content-length", "3")], false,
                "POST /x?y HTTP/1.1\r\nhost: a.example\r\ncontent-length: 3\r\n"
            ),
            (
                get + [("cookie", "a=b"), ("x", "y"), ("cookie", "c=d")], true,
                "GET /x?y HTTP/1.1\r\nhost: a.example\r\nx: y\r\ncookie: a=b; c=d\r\n"
            ),
            (get + [("host", "A.example")], true, "GET /x?y HTTP/1.1\r\nhost: a.example\r\n"),
            (get + [("content_length", "5")], true, "GET /x?y HTTP/1.1\r\nhost: a.example\r\n"),
            (get + [("x", "1234567\t9")], true, "GET /x?y HTTP/1.1\r\nhost: a.example\r\nx: 1234567\t9\r\n"),
            (
                [(":method", "CONNECT"), (":authority", String(repeating: "a", count: 60) + ".example:1")], false,
                "CONNECT \(String(repeating: "a", count: 60)).example:1 HTTP/1.1\r\n"
                    + "host: \(String(repeating: "a", count: 60)).example:1\r\n"
            ),
            (
                [(":method", "CONNECT"), (":protocol", "websocket")] + get.dropFirst() + [
                    ("sec-websocket-key", "evil")
                ],
                false,
                "GET /x?y HTTP/1.1\r\nhost: a.example\r\nupgrade: websocket\r\nsec-websocket-key: KEY\r\n"
            ),
        ] as [(Fields, Bool, String)])
    func sentOn(_ fields: Fields, _ endsStream: Bool, _ expected: String) {
        #expect(Self.head(fields, endsStream: endsStream) == expected)
    }

    @Test(
        "what is refused",
        arguments: [
            (get + [("x", "a\r\nb: c")], true, "badFieldValue"), (get + [("x", "a\n")], true, "badFieldValue"),
            (get + [("x\r\ny", "a")], true, "badFieldName"), (get + [("x:", "a")], true, "badFieldName"),
            (get + [("X", "a")], true, "badFieldName"), (get + [("accepT", "a")], true, "badFieldName"),
            (get + [("accept-languagE", "a")], true, "badFieldName"),
            (get + [("x-forwarded-a b", "a")], true, "badFieldName"),
            (get + [("x", "a\r23456789")], true, "badFieldValue"),
            (get + [("x", "123456789\nb")], true, "badFieldValue"),
            (get + [("x", "12345678901234\0b")], true, "badFieldValue"),
            (get + [("transfer-encoding", "chunked")], false, "connectionField"),
            (get + [("connection", "x")], true, "connectionField"), (get + [("te", "gzip")], true, "connectionField"),
            (get + [(":path", "/")], true, "repeatedPseudoField"),
            (get + [("x", "y"), (":path", "/")], true, "latePseudoField"),
            (get + [(":status", "200")], true, "unknownPseudoField"), (get + [("host", "b")], true, "differentHost"),
            (Array(get.dropLast()), true, "wrongPseudoFields"), (Array(get.dropFirst()), true, "wrongPseudoFields"),
            (Array(get.dropLast()) + [(":path", "/ HTTP/1.1")], true, "badPath"),
            (Array(get.dropLast()) + [(":path", "http://a/")], true, "badPath"),
            ([(":method", "A B")] + get.dropFirst(), true, "badMethod"),
            (get + [(":protocol", "websocket")], true, "wrongPseudoFields"),
            (post + [("content-length", "3")], true, "wrongContentLength"),
            (post + [("content-length", "3"), ("content-length", "3")], false, "400 badContentLength"),
            (post + [("content-length", "0x3")], false, "400 badContentLength"),
            (get + [("x", "a\u{7F}")], true, "400 badFieldValue"),
            ([(":method", "CONNECT"), (":protocol", "x")] + get.dropFirst(), false, "501 unsupportedProtocol"),
            (Array(get[..<2]) + [(":authority", "me@a"), (":path", "/")], true, "400 badHost"),
        ] as [(Fields, Bool, String)])
    func refused(_ fields: Fields, _ endsStream: Bool, _ expected: String) {
        #expect(Self.head(fields, endsStream: endsStream) == expected)
    }

    @Test("the scheme is known, and limits are those of HTTP/1.1")
    func schemeAndLimits() throws {
        var mapping = HTTP2RequestFields()
        let head = RequestHead()
        for (name, value) in Self.get.map({ $0 == ":scheme" ? ($0, "https") : ($0, $1) }) {
            try Array(name.utf8).withUnsafeBytes { name in
                try Array(value.utf8).withUnsafeBytes { try mapping.add(name: name, value: $0) }
            }
        }
        try mapping.finish(endsStream: true, into: head)
        #expect(head.isHTTPSTarget)
        #expect(Self.head(Self.get + [("x", String(repeating: "y", count: 9000))]) == "431 fieldLineTooLong")
        #expect(Self.head(Self.get + Array(repeating: ("x", "y"), count: 101)) == "431 tooManyFields")
        #expect(
            Self.head(Array(Self.get.dropLast()) + [(":path", "/" + String(repeating: "y", count: 9000))])
                == "414 uriTooLong")
    }

    @Test("a section knows nothing of the one before, whatever became of that")
    func restarts() throws {
        var mapping = HTTP2RequestFields()
        func add(_ fields: Fields) throws {
            for (name, value) in fields {
                try Array(name.utf8).withUnsafeBytes { name in
                    try Array(value.utf8).withUnsafeBytes { try mapping.add(name: name, value: $0) }
                }
            }
        }
        let long = String(repeating: "y", count: 50_000)
        try add(Self.post + [("host", "a.example"), ("content-length", "3"), ("cookie", "a=b"), ("x", long)])
        mapping.restart()
        #expect(throws: HTTP2RequestFields.Malformed.repeatedPseudoField) { try add(Self.post + Self.get) }
        mapping.restart()
        try add(Self.post)
        let head = RequestHead()
        try mapping.finish(endsStream: false, into: head)
        #expect(
            String(buffer: head.bytes)
                == "POST /x?y HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    @Test("responses: fields of one connection stay behind")
    func responses() throws {
        var buffer = ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nContent-Type: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
                + "Set-Cookie: a=b\r\nUpgrade: h2c\r\nKeep-Alive: x\r\nEmpty:\r\n\r\n")
        var parser = ResponseHeadParser()
        let head = ResponseHead()
        #expect(try parser.parse(&buffer, into: head))
        var block = HTTP2FieldBlock(status: 418)
        block.add(head)
        block.add(ByteBuffer(string: "Vary: x\r\nConnection: close\r\nX-A: \r\n"))
        block.add(length: 12)
        let expected: [UInt8] =
            [0x08, 3] + Array("418".utf8) + [0x0F, 16, 1] + Array("a".utf8) + [0x1F, 40, 3] + Array("a=b".utf8)
            + [0, 5] + Array("empty".utf8) + [0] + [0x0F, 44, 1] + Array("x".utf8) + [0, 3] + Array("x-a".utf8) + [0]
            + [0x0F, 13, 2] + Array("12".utf8)
        #expect(Array(block.bytes.readableBytesView) == expected)
        block.restart(status: 204)
        #expect(Array(block.bytes.readableBytesView) == [0x89])
    }

    @Test("responses: long values, and bytes that are no UTF-8")
    func longValues() throws {
        var lines = ByteBuffer(string: "Vary: ")
        lines.writeBytes([UInt8](repeating: 0xFC, count: 300))
        lines.writeString("\r\n")
        var block = HTTP2FieldBlock(status: 200)
        block.add(lines)
        // 300 in a prefix of seven bits: 127, and 173 in groups of seven.
        #expect(
            Array(block.bytes.readableBytesView)
                == [0x88, 0x0F, 44, 0x7F, 0xAD, 0x01] + [UInt8](repeating: 0xFC, count: 300))
    }

    @Test("trailers: what HTTP/1.1 would send on")
    func trailers() throws {
        var trailers = HTTP2Trailers(dropping: [FoldedName("x-session-id")])
        for (name, value) in [("grpc-status", "0"), ("x_session_id", "1"), ("content-type", "x"), ("etag", "y")] {
            try Array(name.utf8).withUnsafeBytes { name in
                try Array(value.utf8).withUnsafeBytes { try trailers.add(name: name, value: $0) }
            }
        }
        #expect(try String(buffer: trailers.finish()) == "grpc-status: 0\r\netag: y\r\n")
    }
}
