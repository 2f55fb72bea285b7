import NIOCore
import Testing

@testable import HTTPWire

/// Why a request must be refused, and as what.
struct Rejection: Sendable, CustomTestStringConvertible {
    let reason: String
    let text: String
    let outcome: String

    init(_ reason: String, _ text: String, _ outcome: String) {
        self.reason = reason
        self.text = text
        self.outcome = outcome
    }

    var testDescription: String { "\(reason): \(text.escaped)" }
}

@Suite struct RequestRejectionTests {
    /// A head around some field lines.
    static func post(_ lines: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n" }

    @Test(arguments: startLines + hosts + fields + framing)
    func refusedHoweverItIsCut(_ row: Rejection) {
        for cut in everyCut(of: row.text.latin1) {
            let (result, _) = parseRequest(cut)
            #expect(result.outcome == row.outcome, "\(cut.count) pieces, first \(cut[0].count) bytes")
        }
    }

    static let startLines: [Rejection] = [
        .init("HTTP/0.9", "GET /\r\n\r\n", "badRequestLine 400"),
        .init("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("two spaces after the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("tab for space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("leading space", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("method is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("method with NUL", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("TLS on a cleartext port", "\u{16}\u{03}\u{01}", "badRequestLine 400"),
        .init("lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("two-digit version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("leading zero in version", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("another protocol", "GET / ICAP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "badVersion 505"),
        .init("HTTP/2.0 in text", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "badVersion 505"),
        .init("HTTP/0.9 spelled out", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "badVersion 505"),
        .init("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2Preface 505"),
        .init("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "badRequestLine 400"),
        .init("bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bareLF 400"),
        .init("bare CR first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bareCR 400"),
        .init("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "bareLF 400"),
        .init("control in target", "GET /\u{01} HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("NUL in target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("DEL in target", "GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("0x85 in target", "GET /abcdefgh\u{85}ijklmnop HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init(
            "fragment in a long target", "GET /abcdefghijklmnopqr#stuvwxyz HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"
        ),
        .init("space in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("bare CR in target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("relative target", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("backslash target", "GET \\a HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("asterisk without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("asterisk and more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("scheme without authority", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "badHost 400"),
        .init("scheme with one slash", "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("user information in target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "badHost 400"),
        .init("CONNECT to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("CONNECT without port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("CONNECT to a URI", "CONNECT http://a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
    ]

    static func get(host: String) -> String { "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n" }

    static let hosts: [Rejection] =
        [
            .init("no Host", "GET / HTTP/1.1\r\n\r\n", "missingHost 400"),
            .init("no Host, absolute-form", "GET http://a/ HTTP/1.1\r\n\r\n", "missingHost 400"),
            .init("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "duplicateHost 400"),
            .init("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nhost: a\r\nHOST: b\r\n\r\n", "duplicateHost 400"),
            .init(
                "bad Host beside absolute-form", "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", "badHost 400"),
        ]
        + [
            "", "   ", "u@a", "a/b", "a?b", "a#b", "a b", "a\tb", "a,b", "a;b", "a%2eb", "a'b", "a\\b", "a\u{85}b",
            "a\u{C3}\u{A4}", ".", ".a", "a..b", "a:", "a:x", "a:-1", "a:+1", "a:65536", "a:999999", "a:80:80", ":80",
            "[::1", "::1", "[]", "[1]", "[::1]x", "[::1]:", "[::1]:x", "[v1.a:b]", "[::1%25eth0]", "[::g]", "http://a",
            String(repeating: "a", count: 255),
        ].map { Rejection("host", get(host: $0), "badHost 400") }

    static let fields: [Rejection] = [
        .init("empty name", post(": x"), "emptyFieldName 400"),
        .init("only a colon", post(":"), "emptyFieldName 400"),
        .init("no colon", post("abc"), "badFieldName 400"),
        .init("space before colon", post("X-A : b"), "badFieldName 400"),
        .init("tab before colon", post("X-A\t: b"), "badFieldName 400"),
        .init("space in name", post("X A: b"), "badFieldName 400"),
        .init("0x85 in name", post("X\u{85}A: b"), "badFieldName 400"),
        .init("NUL in name", post("X\0A: b"), "badFieldName 400"),
        .init("bracket in name", post("X(A): b"), "badFieldName 400"),
        .init("bare CR in name", post("X\rA: b"), "bareCR 400"),
        .init("obs-fold with space", post("X-A: b\r\n c"), "obsoleteFold 400"),
        .init("obs-fold with tab", post("X-A: b\r\n\tc"), "obsoleteFold 400"),
        .init("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "obsoleteFold 400"),
        .init("bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "bareLF 400"),
        .init("bare LF as empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", "bareLF 400"),
        .init("LF CR", "GET / HTTP/1.1\r\nHost: a\n\r\n", "bareLF 400"),
        .init("bare CR in value", post("X-A: b\rc"), "bareCR 400"),
        .init("bare CR at the end", post("X-A: b\r"), "bareCR 400"),
        .init("NUL in value", post("X-A: b\0c"), "badFieldValue 400"),
        .init("NUL late in a long value", post("X-A: 0123456789abcdefghij\0klmnop"), "badFieldValue 400"),
        .init("DEL early in a long value", post("X-A: a\u{7F}0123456789abcdef"), "badFieldValue 400"),
        .init("DEL in a long target", "GET /a\u{7F}0123456789abcdef HTTP/1.1\r\nHost: a\r\n\r\n", "badTarget 400"),
        .init("DEL in value", post("X-A: b\u{7F}"), "badFieldValue 400"),
        .init("vertical tab in value", post("X-A: \u{0B}b"), "badFieldValue 400"),
        .init("escape after a tab", post("X-A: a\tbcdefg\u{1B}hi"), "badFieldValue 400"),
    ]

    static let framing: [Rejection] =
        [
            "", "+1", "-1", "0x1", "1_0", "1,1", "1, 1", "1 1", "1.0", "1e1", "a", "9223372036854775808",
            "99999999999999999999", "00000000000000000001", "\u{B9}",
        ].map { Rejection("content length", post("Content-Length: \($0)"), "badContentLength 400") }
        + [
            .init("same length twice", post("Content-Length: 1\r\nContent-Length: 1"), "badContentLength 400"),
            .init("two lengths", post("Content-Length: 1\r\ncontent-length: 2"), "badContentLength 400"),
            .init("length, coding", post("Content-Length: 1\r\nTransfer-Encoding: chunked"), "conflictingFraming 400"),
            .init("coding, length", post("Transfer-Encoding: chunked\r\nContent-Length: 0"), "conflictingFraming 400"),
            .init(
                "coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                "transferEncodingInHTTP10 400"),
        ]
        + ["gzip", "identity", "gzip, chunked", "xchunked", "chunkedx", "chunked1", "chunke"].map {
            Rejection("other coding", post("Transfer-Encoding: \($0)"), "unsupportedTransferEncoding 501")
        }
        + [
            "", ",", "chunked,", ",chunked", "chunked, chunked", "chunked, gzip", "chunked;a=b", "\"chunked\"",
            "chu nked",
            "gzip chunked", "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity",
            "\u{85}chunked",
        ].map { Rejection("malformed coding", post("Transfer-Encoding: \($0)"), "badTransferEncoding 400") }
        + [
            .init("vertical tab before the coding", post("Transfer-Encoding: \u{0B}chunked"), "badFieldValue 400"),
            .init("space before the colon", post("Transfer-Encoding : chunked"), "badFieldName 400"),
        ]

    @Test func limitsAreKeptHoweverItIsCut() {
        let limits = HeadLimits(maxBytes: 100, maxFields: 3, maxLine: 40)
        let long = "A:\(String(repeating: "a", count: 36))\r\n"
        let rows: [(String, String)] = [
            ("GET /\(String(repeating: "a", count: 24)) HTTP/1.1\r\n", "more"),
            ("GET /\(String(repeating: "a", count: 25)) HTTP/1.1\r\n", "uriTooLong 414"),
            (String(repeating: "G", count: 41), "uriTooLong 414"),
            ("GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 35))\r\n", "more"),
            ("GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 36))\r\n", "fieldLineTooLong 431"),
            ("GET / HTTP/1.1\r\nHost:a\r\nA:b\r\nA:b\r\n\r\n", "ok"),
            ("GET / HTTP/1.1\r\nHost:a\r\nA:b\r\nA:b\r\nA:b\r\n\r\n", "tooManyFields 431"),
            ("GET / HTTP/1.1\r\nHost:a\r\n\(long)\(long)\r\n", "headTooLarge 431"),
            ("GET / HTTP/1.1\r\nHost:a\r\n\(long)Z:\u{1}\(long)", "headTooLarge 431"),
            ("GET / HTTP/1.1\r\nHost:a\r\nB:b\r\nZ: \(long.dropLast(2))\r\n", "fieldLineTooLong 431"),
        ]
        for (text, outcome) in rows {
            for cut in everyCut(of: text.latin1) {
                #expect(parseRequest(cut, limits: limits).0.outcome == outcome, "\(text.escaped), \(cut[0].count)")
            }
        }
    }

    @Test func afterAnErrorThereIsNoNextMessage() throws {
        var parser = RequestHeadParser()
        let head = RequestHead()
        var buffer = ByteBuffer(string: "GET /\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: HTTPWireError(.badRequestLine, sender: .client)) { try parser.parse(&buffer, into: head) }
        buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: HTTPWireError(.badRequestLine, sender: .client)) { try parser.parse(&buffer, into: head) }
    }
}
