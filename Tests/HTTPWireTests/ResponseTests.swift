import NIOCore
import Testing

@testable import HTTPWire

@Suite struct ResponseTests {
    static let rejections: [Rejection] =
        [
            "HTTP/1.1\r\n\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n",
            "HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1 -20 x\r\n\r\n", "HTTP/1.1 2x0 x\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1\t200 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200\tOK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n",
            "HTTP/1.1 200 O\rK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
            " HTTP/1.1 200 OK\r\n\r\n",
        ].map { Rejection("status line", $0, "badStatusLine 502") }
        + [
            .init("version", "HTTP/2.0 200 OK\r\n\r\n", "badVersion 502"),
            .init("bare LF", "HTTP/1.1 200 OK\n\r\n", "bareLF 502"),
            .init("bare LF in the head", "HTTP/1.1 200 OK\r\nA: b\n\r\n", "bareLF 502"),
            .init("obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "obsoleteFold 502"),
            .init("space before colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "badFieldName 502"),
            .init("empty name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", "emptyFieldName 502"),
            .init("NUL in value", "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", "badFieldValue 502"),
            .init("bare CR in value", "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\n\r\n", "bareCR 502"),
            .init(
                "coding and length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                "conflictingFraming 502"),
            .init(
                "coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "transferEncodingInHTTP10 502"),
            .init(
                "other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupportedTransferEncoding 502"),
            .init(
                "equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
                "badContentLength 502"),
            .init("signed length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", "badContentLength 502"),
            .init("empty length", "HTTP/1.1 304 x\r\nContent-Length:\r\n\r\n", "badContentLength 502"),
        ]

    @Test(arguments: rejections)
    func refusedHoweverItIsCut(_ row: Rejection) {
        for cut in everyCut(of: row.text.latin1) {
            #expect(parseResponse(cut).0.outcome == row.outcome, "\(cut.count) pieces, first \(cut[0].count) bytes")
        }
    }

    static let accepted: [(String, Int, BodyFraming, Bool, String)] = [
        ("HTTP/1.1 200 OK\r\n\r\n", 200, .untilClose, true, "HTTP/1.1 200 OK\r\n"),
        ("HTTP/1.1 200 \r\n\r\n", 200, .untilClose, true, "HTTP/1.1 200 \r\n"),
        ("HTTP/1.1 200\r\nA: b\r\n\r\n", 200, .untilClose, true, "HTTP/1.1 200\r\nA: b\r\n"),
        ("HTTP/1.1 599 \u{C3}\tx y\r\n\r\n", 599, .untilClose, true, "HTTP/1.1 599 \u{FFFD}\tx y\r\n"),
        ("HTTP/1.0 200 OK\r\n\r\n", 200, .untilClose, false, "HTTP/1.1 200 OK\r\n"),
        ("HTTP/1.0 404\r\nA: b\r\n\r\n", 404, .untilClose, false, "HTTP/1.1 404\r\nA: b\r\n"),
        (
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 200, .length(0), true,
            "HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n"
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", 200, .chunked, false,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        ),
        ("HTTP/1.1 204 x\r\nContent-Length: 5\r\nA: b\r\n\r\n", 204, .length(5), true, "HTTP/1.1 204 x\r\nA: b\r\n"),
        ("HTTP/1.1 100 x\r\nTransfer-Encoding: chunked\r\n\r\n", 100, .chunked, true, "HTTP/1.1 100 x\r\n"),
        (
            "HTTP/1.1 200 OK\r\nHost: a\r\nHost: b\r\nContent_Length: 9\r\n\r\n", 200, .untilClose, true,
            "HTTP/1.1 200 OK\r\nHost: a\r\nHost: b\r\nContent_Length: 9\r\n"
        ),
    ]

    @Test(arguments: accepted)
    func understoodHoweverItIsCut(text: String, status: Int, framing: BodyFraming, keepAlive: Bool, rest: String) {
        let bytes = text.latin1 + "x".latin1
        let (whole, head) = parseResponse([bytes[...]])
        #expect(whole.outcome == "ok" && whole.left == 1)
        #expect(head.status == status && head.framing == framing && head.keepAlive == keepAlive)
        #expect(written(head) == rest)
        for cut in everyCut(of: bytes) { #expect(parseResponse(cut).0 == whole) }
    }

    @Test func bodyFramingFollowsMethodAndStatus() {
        let fields = "Transfer-Encoding: chunked\r\n\r\n"
        #expect(response("HTTP/1.1 200 x\r\n" + fields).bodyFraming(for: .get) == .chunked)
        #expect(response("HTTP/1.1 200 x\r\n" + fields).bodyFraming(for: .head) == .none)
        #expect(response("HTTP/1.1 200 x\r\n" + fields).bodyFraming(for: .connect) == .none)
        #expect(response("HTTP/1.1 299 x\r\n\r\n").bodyFraming(for: .connect) == .none)
        #expect(response("HTTP/1.1 403 x\r\n" + fields).bodyFraming(for: .connect) == .chunked)
        for status in [100, 101, 103, 199, 204, 304] {
            #expect(response("HTTP/1.1 \(status) x\r\n" + fields).bodyFraming(for: .get) == .none)
        }
        #expect(response("HTTP/1.1 205 x\r\nContent-Length: 0\r\n\r\n").bodyFraming(for: .post) == .length(0))
        #expect(response("HTTP/1.1 206 x\r\n\r\n").bodyFraming(for: .get) == .untilClose)
    }

    @Test func headRequestsMayHearOfALength() {
        let head = response("HTTP/1.1 304 x\r\nContent-Length: 7\r\n\r\n")
        #expect(head.first(.contentLength) != nil && head.bodyFraming(for: .get) == .none)
    }

    @Test func switchingProtocolsNamesTheProtocol() {
        let upgraded = "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        var head = response("HTTP/1.1 101 x\r\n" + upgraded)
        #expect(head.upgrade)
        head.removeHopByHop()
        #expect(written(head) == "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n")
        head = response("HTTP/1.1 200 x\r\n" + upgraded)
        #expect(!head.upgrade)
        head.removeHopByHop()
        #expect(written(head) == "HTTP/1.1 200 x\r\n")
        #expect(!response("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n").upgrade)
        #expect(!response("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n").upgrade)
    }

    @Test func upgradeRequiredNamesTheProtocol() {
        let fields = "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        let head = response("HTTP/1.1 426 x\r\n" + fields)
        #expect(head.requiresUpgrade && !head.upgrade)
        head.removeHopByHop()
        #expect(written(head) == "HTTP/1.1 426 x\r\nUpgrade: websocket\r\n")
        #expect(!response("HTTP/1.1 400 x\r\n" + fields).requiresUpgrade)
        #expect(response("HTTP/1.1 426 x\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n").requiresUpgrade)
        #expect(!response("HTTP/1.1 426 x\r\nConnection: upgrade\r\n\r\n").requiresUpgrade)
        #expect(!response("HTTP/1.1 426 x\r\nUpgrade: h2c\r\n\r\n").requiresUpgrade)
    }

    @Test func errorsSayWhoseFaultItIsAndNothingElse() {
        #expect(HTTPWireError(.bareLF, sender: .upstream).description == "upstream: bareLF")
        for kind in HTTPWireError.Kind.allCases {
            #expect(HTTPWireError(kind, sender: .upstream).status == 502)
            #expect(400...505 ~= HTTPWireError(kind, sender: .client).status)
        }
    }
}
