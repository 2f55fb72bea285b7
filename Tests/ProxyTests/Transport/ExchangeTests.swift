import NIOCore
import Testing

@testable import Proxy

/// Bytes from the client, bytes at the upstream, bytes from the upstream, bytes at the client.
struct WireCase: CustomTestStringConvertible, Sendable {
    enum End: Sendable {
        /// The client's connection stays open: the same exchange works once more on it.
        case open
        /// The proxy closes after the answer.
        case closed
    }
    let name: String
    let client: String
    let upstream: String
    let answer: String
    let result: String
    var end = End.open
    /// The upstream closes after its answer.
    var upstreamCloses = false
    var testDescription: String { name }
}

@Suite("One exchange over sockets", .timeLimit(.minutes(1)))
struct ExchangeTests {
    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    static let cases: [WireCase] = [
        WireCase(
            name: "a GET, its fields as they are", client: "GET /a?b=c HTTP/1.1\r\nHost: x.test\r\nAccept: */*\r\n\r\n",
            upstream: "GET /a?b=c HTTP/1.1\r\nHost: x.test\r\nAccept: */*\r\n\r\n", answer: ok, result: ok),
        WireCase(
            name: "hop-by-hop fields go, both ways",
            client: "GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: 3\r\n"
                + "Proxy-Connection: close\r\nTE: gzip\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer:
                "HTTP/1.1 200 OK\r\nConnection: X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
            result: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        WireCase(
            name: "a body with a length",
            client: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
            upstream: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", answer: ok, result: ok),
        WireCase(
            name: "a chunked body, framed anew, extensions gone, trailers kept",
            client: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;a=b\r\nhello\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n",
            upstream:
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
            answer: ok, result: ok),
        WireCase(
            name: "a chunked answer", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
            result: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
        WireCase(
            name: "an answer that ends with the connection becomes chunked",
            client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.0 200 OK\r\n\r\nabc",
            result: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", upstreamCloses: true),
        WireCase(
            name: "HEAD: the length of a body that does not come",
            client: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", upstream: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
            result: "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
        WireCase(
            name: "204", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", result: "HTTP/1.1 204 No Content\r\n\r\n"),
        WireCase(
            name: "304 with a length", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n",
            result: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n"),
        WireCase(
            name: "HTTP/1.0 closes", client: "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer: ok,
            result: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", end: .closed),
        WireCase(
            name: "HTTP/1.0 with keep-alive",
            client: "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer: ok,
            result: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"),
        WireCase(
            name: "a chunked answer for HTTP/1.0 ends with the connection, keep-alive or not",
            client: "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            result: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", end: .closed),
        WireCase(
            name: "Connection: close from the client",
            client: "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer: ok,
            result: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", end: .closed),
        WireCase(
            name: "Connection: close from the upstream is not the client's business",
            client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", result: ok,
            upstreamCloses: true),
        WireCase(
            name: "absolute-form becomes origin-form, and Host follows it",
            client: "GET http://a.test:81/p?q HTTP/1.1\r\nHost: b.test\r\n\r\n",
            upstream: "GET /p?q HTTP/1.1\r\nHost: a.test:81\r\n\r\n", answer: ok, result: ok),
        WireCase(
            name: "OPTIONS *", client: "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", answer: ok, result: ok),
        WireCase(
            name: "103 before the answer", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok,
            result: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok),
        WireCase(
            name: "103 is not for HTTP/1.0",
            client: "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok,
            result: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"),
        WireCase(
            name: "the upstream goes away before a head ends", client: "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "POST / HTTP/1.1\r\nHost: x\r\n\r\n", answer: "HTTP/1.1 200 O",
            result: "HTTP/1.1 502 Bad Gateway",
            upstreamCloses: true),
        WireCase(
            name: "the upstream sends no HTTP", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer: "SSH-2.0-OpenSSH_9\r\n",
            result: "HTTP/1.1 502 Bad Gateway"),
        WireCase(
            name: "two lengths from the upstream", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            result: "HTTP/1.1 502 Bad Gateway"),
        WireCase(
            name: "101 that nobody asked for", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
            result: "HTTP/1.1 502 Bad Gateway"),
        WireCase(
            name: "the upstream goes away in a body with a length", client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            result: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", end: .closed, upstreamCloses: true),
        WireCase(
            name: "the upstream goes away in a chunked body: no last chunk",
            client: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", upstream: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            result: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", end: .closed,
            upstreamCloses: true),
    ]

    @Test("bytes in, bytes at the upstream, bytes out", arguments: cases)
    func exchange(_ test: WireCase) async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        var upstream: RawConnection?
        for round in 0..<(test.end == .open ? 2 : 1) {
            try await client.send(test.client)
            if upstream == nil { upstream = try await harness.upstream.accept() }
            guard let connection = upstream else { return }
            #expect(try await connection.read(test.upstream.utf8.count) == test.upstream, "round \(round)")
            #expect(connection.available == "", "nothing more reaches the upstream")
            try await connection.send(test.answer)
            if test.upstreamCloses { try await connection.close() }
            if test.result.hasSuffix("502 Bad Gateway") {
                let head = try await client.readHead()
                #expect(head.hasPrefix(test.result))
                #expect(!head.contains("Connection: close"))
                _ = try await client.read(through: "}\n")
                upstream = nil
            } else if test.end == .closed {
                // An aborted body may lose its last bytes, but never gains an end.
                #expect(try await client.readToEnd() == test.result)
            } else {
                #expect(try await client.read(test.result.utf8.count) == test.result, "round \(round)")
            }
            if test.upstreamCloses { upstream = nil }
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("keep-alive on both sides: a hundred requests, one upstream connection")
    func reuse() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        for number in 0..<100 {
            #expect(try await upstream.readHead() == "GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            try await upstream.send(Self.ok)
            #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
            try await client.send("GET /\(number + 1) HTTP/1.1\r\nHost: x\r\n\r\n")
        }
        #expect(harness.upstream.connections == 1)
        let counters = harness.server.counters
        #expect(counters.connections == 1)
        #expect(counters.upstreamConnections == 1)
        #expect(counters.upstreamReuses >= 99)
        #expect(counters.responses[2] == 100)
        #expect(counters.bytesOut == 200)
        try await client.close()
        try await harness.stop()
        #expect(harness.server.counters.activeConnections == 0)
        #expect(harness.server.counters.activeUpstreamConnections == 0)
    }

    @Test("pipelining: one exchange at a time, in order, over one upstream connection")
    func pipelining() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        let requests = (0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
        try await client.send(requests)
        let upstream = try await harness.upstream.accept()
        for number in 0..<20 {
            #expect(try await upstream.readHead() == "GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(upstream.available == "")
            try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number % 10)")
        }
        for number in 0..<20 {
            let expected = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number % 10)"
            #expect(try await client.read(expected.utf8.count) == expected)
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("a head that arrives byte by byte, both ways")
    func trickle() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        let request = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        for byte in request { try await client.send(String(byte)) }
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        _ = try await upstream.read(through: "0\r\n\r\n")
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
        for byte in answer { try await upstream.send(String(byte)) }
        #expect(try await client.read(answer.utf8.count) == answer)
        try await client.close()
        try await harness.stop()
    }

    @Test(
        "garbage and limits",
        arguments: [
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}garbage\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: x\n\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
            ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            ("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "a", count: 9000) + "\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X: y\r\n", count: 101) + "\r\n", 431),
            ("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 405),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
        ])
    func refused(_ bytes: String, _ status: Int) async throws {
        var settings = TransportSettings()
        settings.maxBodyBytes = 1000
        let harness = try await Harness.start(settings)
        let client = try await harness.connect()
        try await client.send(bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        try await client.closeOutput()
        let answer = try await client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.contains("Connection: close\r\n"))
        #expect(!harness.log.withLockedValue { $0.requests }.contains("/smuggled"))
        try await client.close()
        try await harness.stop()
    }

    @Test("a chunked body beyond the limit")
    func chunkedTooLarge() async throws {
        var settings = TransportSettings()
        settings.maxBodyBytes = 4
        let harness = try await Harness.start(settings)
        let client = try await harness.connect()
        try await client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.read(through: "abc\r\n")
        try await client.send("3\r\ndef\r\n0\r\n\r\n")
        let head = try await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 413 "))
        // The upstream must not take half a body for a whole one.
        #expect(!(try await upstream.readToEnd()).contains("0\r\n\r\n"))
        try await client.close()
        try await harness.stop()
    }
}
