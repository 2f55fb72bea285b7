import HTTPWire
import NIOCore
import Testing

@testable import Proxy

@Suite("Bodies, early answers and lost peers", .timeLimit(.minutes(1)))
struct BodyTests {
    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("Expect: 100-continue: forwarded, and the upstream's 100 too")
    func expectContinue() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        try await client.send(head)
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == head)
        try await upstream.send("HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
        try await client.send("body")
        #expect(try await upstream.read(4) == "body")
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        // The upstream never says 100, the client sends anyway.
        try await client.send(head)
        #expect(try await upstream.readHead() == head)
        try await client.send("body")
        #expect(try await upstream.read(4) == "body")
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        // A final answer instead: nobody knows whether the body will come, so the connection ends.
        try await client.send(head)
        #expect(try await upstream.readHead() == head)
        try await upstream.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
        let last = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        #expect(try await client.readToEnd() == last)
        #expect(try await upstream.readToEnd() == "", "the upstream's connection is not used again either")
        try await client.close()
        try await harness.stop()
    }

    @Test("S3: an early answer, the rest of a small body is drained, and the next request is the real next one")
    func earlyAnswerDrained() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n")
        let first = try await harness.upstream.accept()
        _ = try await first.readHead()
        try await first.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        // The rest of the body looks like a request, and is none.
        let body = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n....."
        try await client.send(String(body.prefix(40)) + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        let second = try await harness.upstream.accept()
        #expect(try await second.readHead() == "GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        try await second.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        #expect(harness.log.withLockedValue { $0.requests } == ["/a", "/b"])
        try await client.close()
        try await harness.stop()
    }

    @Test("S3: an early answer to a large body closes, and the client can read it")
    func earlyAnswerCloses() async throws {
        var settings = TransportSettings()
        settings.drainBytes = 1000
        let harness = try await Harness.start(settings)
        let client = try await harness.connect()
        try await client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        try await upstream.close()
        let expected = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
        #expect(try await client.readToEnd() == expected)
        try await client.close()
        try await harness.stop()
    }

    @Test("S3: a local answer while the body is pending")
    func localAnswer() async throws {
        let harness = try await Harness.start(onRequest: { x, upstream in
            x.requestHead.string(x.requestHead.target) == "/local"
                ? .respond(LocalResponse(200, "hi")) : .forward(upstream)
        })
        let client = try await harness.connect()
        try await client.send("POST /local HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234")
        let local =
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: tombolo\r\nContent-Length: 2\r\n\r\nhi"
        #expect(try await client.read(local.utf8.count) == local)
        try await client.send("56789HEAD /local HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await client.read(local.utf8.count - 2) == String(local.dropLast(2)), "HEAD has no body")
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == "GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        try await client.close()
        try await harness.stop()
    }

    @Test("a thousand pipelined requests answered here, in order")
    func manyLocalAnswers() async throws {
        let harness = try await Harness.start(onRequest: { x, _ in
            .respond(LocalResponse(200, x.requestHead.string(x.requestHead.target)))
        })
        let client = try await harness.connect()
        try await client.send((0..<1000).map { "GET /\(1000 + $0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        for number in 0..<1000 {
            #expect(try await client.read(through: "Content-Length: 5\r\n\r\n/").hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(try await client.read(4) == "\(1000 + number)")
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("verdicts that come later, and a body that is collected")
    func laterAndCollected() async throws {
        let harness = try await Harness.start(
            onRequest: { x, upstream in
                let promise = x.eventLoop.makePromise(of: RequestVerdict.self)
                let target = x.requestHead.string(x.requestHead.target)
                x.eventLoop.assumeIsolated().execute {
                    let verdict: RequestVerdict =
                        target == "/collect"
                        ? .collectBody(limit: 10) { body in
                            let text = "got " + String(buffer: body)
                            return x.eventLoop.makeSucceededFuture(LocalResponse(200, text))
                        } : .forward(upstream)
                    promise.assumeIsolated().succeed(verdict)
                }
                return .later(promise.futureResult)
            },
            onResponse: { x in
                let promise = x.eventLoop.makePromise(of: ResponseVerdict.self)
                x.responseLines.writeString("X-Later: 1\r\n")
                x.eventLoop.assumeIsolated().execute { promise.assumeIsolated().succeed(.forward(transform: nil)) }
                return .later(promise.futureResult)
            })
        let client = try await harness.connect()
        try await client.send(
            "POST /collect HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
        try await client.send("3\r\nabc\r\n0\r\n\r\n")
        _ = try await client.readHead()
        #expect(try await client.read(7) == "got abc")
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        // The whole answer and the close arrive before the verdict.
        try await upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        try await upstream.close()
        let expected = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Later: 1\r\n\r\nok"
        #expect(try await client.read(expected.utf8.count) == expected)
        try await client.send("POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a")
        #expect(try await client.readHead().hasPrefix("HTTP/1.1 413 "))
        try await client.close()
        try await harness.stop()
    }

    @Test(
        "a client that shuts down sending after its request gets the answer",
        arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        ])
    func halfClosed(_ request: String) async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send(request)
        try await client.closeOutput()
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.read(request.utf8.count) == request)
        try await upstream.send(Self.ok)
        #expect(try await client.readToEnd() == Self.ok)
        try await client.close()
        try await harness.stop()
    }

    @Test("two requests and a half, then the end: two answers, then the end")
    func halfClosedPipeline() async throws {
        let harness = try await Harness.start(onRequest: { _, _ in .respond(LocalResponse(200, "hi")) })
        let client = try await harness.connect()
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        try await client.send(get + get + "GET / HT")
        try await client.closeOutput()
        #expect(try await client.readToEnd().split(separator: "HTTP/1.1 200 OK").count == 2)
        try await client.close()
        try await harness.stop()
    }

    @Test("a client that goes away takes its upstream connection with it")
    func clientGone() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await client.reset()
        #expect(try await upstream.readToEnd() == "")
        let other = try await harness.connect()
        try await other.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        let second = try await harness.upstream.accept()
        _ = try await second.read(through: "abc")
        try await other.close()
        #expect(try await second.readToEnd() == "", "half a body is not passed off as a whole one")
        try await harness.stop()
        #expect(harness.log.withLockedValue { $0.outcomes.map(\.reason) } == ["client_closed", "client_closed"])
    }

    @Test("a stale idle connection: a GET is sent once more on a new one, a POST is not")
    func retry() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        for method in ["GET", "POST"] {
            let request = "\(method) / HTTP/1.1\r\nHost: x\r\n\r\n"
            try await client.send("GET /warm HTTP/1.1\r\nHost: x\r\n\r\n")
            let upstream = try await harness.upstream.accept()
            _ = try await upstream.readHead()
            try await upstream.send(Self.ok)
            #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
            try await client.send(request)
            #expect(try await upstream.readHead() == request)
            try await upstream.reset()
            if method == "GET" {
                let fresh = try await harness.upstream.accept()
                #expect(try await fresh.readHead() == request)
                try await fresh.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
            } else {
                #expect(try await client.readHead().hasPrefix("HTTP/1.1 502 "))
                #expect(try await client.read(through: "}\n").contains("\"error\":\"upstream_closed\""))
            }
        }
        #expect(harness.server.counters.retries == 1)
        try await client.close()
        try await harness.stop()
    }

    @Test("S7: an upstream connection that says more than it was asked is never used again")
    func unexpectedBytes() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send(Self.ok + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        try await client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        let second = try await harness.upstream.accept()
        _ = try await second.readHead()
        try await second.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        // The same while it is idle.
        try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        #expect(try await second.readToEnd() == "")
        try await client.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n")
        let third = try await harness.upstream.accept()
        _ = try await third.readHead()
        try await third.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        try await client.close()
        try await harness.stop()
    }

    @Test("a connection that nobody accepts: 502 says which address and what to look at")
    func refusedConnection() async throws {
        let closed = try await RawServer.start()
        let port = closed.address.port ?? 0
        try await closed.close()
        let harness = try await Harness.start(upstreamAddress: .tcp(host: "127.0.0.1", port: port))
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
        #expect(try await client.readHead().hasPrefix("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html"))
        let page = try await client.read(through: "</html>\n")
        #expect(page.contains("Tried http://127.0.0.1:\(port): connection refused."))
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await client.readHead().contains("Content-Type: application/json\r\n"))
        let json = try await client.read(through: "}\n")
        #expect(json.contains("\"error\":\"upstream_refused\""))
        #expect(json.contains("\"fault\":\"upstream\""))
        try await client.close()
        try await harness.stop()
    }
}
