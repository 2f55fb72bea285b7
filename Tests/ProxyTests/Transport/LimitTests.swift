import HTTPWire
import NIOCore
import NIOEmbedded
import TLS
import Testing

@testable import Proxy

/// Every limit that somebody can run into, run into on a real socket: the answer, and the counter.
@Suite("Every limit", .timeLimit(.minutes(1)))
struct LimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let limit: Limit
        var settings: @Sendable (inout TransportSettings) -> Void = { _ in }
        /// What the client sends; the upstream's answer, if it gets that far; and what the client must get, or nothing,
        /// in which case the connection is closed without a word.
        let request: String
        var upstream: String?
        let answer: String
        var testDescription: String { limit.name }
    }

    static let host = "Host: x\r\n"
    static let post = "POST / HTTP/1.1\r\nHost: x\r\n"
    static let soon = TimeAmount.milliseconds(40)

    static let cases: [Case] = [
        Case(
            limit: .requestLine, settings: { $0.requestLimits.maxLine = 64 },
            request: "GET /\(String(repeating: "a", count: 64)) HTTP/1.1\r\n\(host)\r\n",
            answer: "HTTP/1.1 414 URI Too Long\r\n"),
        Case(
            limit: .fieldLine, settings: { $0.requestLimits.maxLine = 64 },
            request: "GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 64))\r\n\r\n",
            answer: "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
        Case(
            limit: .fields, settings: { $0.requestLimits.maxFields = 10 },
            request: "GET / HTTP/1.1\r\n\(host)\(String(repeating: "X: 1\r\n", count: 10))\r\n", answer: "HTTP/1.1 431 "
        ),
        Case(
            limit: .head, settings: { $0.requestLimits.maxBytes = 256 },
            request: "GET / HTTP/1.1\r\n\(host)\(String(repeating: "X: 12345678\r\n", count: 30))\r\n",
            answer: "HTTP/1.1 431 "),
        Case(
            limit: .head, settings: { $0.requestLimits.maxBytes = 256 },
            request: post + "Transfer-Encoding: chunked\r\n\r\n0\r\n"
                + String(repeating: "X: 12345678\r\n", count: 30) + "\r\n", answer: "HTTP/1.1 431 "),
        Case(
            limit: .headTime, settings: { $0.headTimeout = soon }, request: "GET / HTTP/1.1\r\nHo",
            answer: "HTTP/1.1 408 Request Timeout\r\n"),
        Case(
            limit: .body, settings: { $0.maxBodyBytes = 10 }, request: post + "Content-Length: 11\r\n\r\n",
            answer: "HTTP/1.1 413 Content Too Large\r\n"),
        Case(
            limit: .body, settings: { $0.maxBodyBytes = 10 },
            request: post + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n",
            answer: "HTTP/1.1 413 "),
        Case(
            limit: .requestRate, settings: { $0.requestBodyTimeout = soon },
            request: post + "Content-Length: 100\r\n\r\nabc", answer: "HTTP/1.1 408 "),
        // A chunk without its line's end, an extension without its end, a trailer without its end.
        Case(
            limit: .requestRate, settings: { $0.requestBodyTimeout = soon },
            request: post + "Transfer-Encoding: chunked\r\n\r\n1\r\na", answer: "HTTP/1.1 408 "),
        Case(
            limit: .requestRate, settings: { $0.requestBodyTimeout = soon },
            request: post + "Transfer-Encoding: chunked\r\n\r\n1;a=b", answer: "HTTP/1.1 408 "),
        Case(
            limit: .requestRate, settings: { $0.requestBodyTimeout = soon },
            request: post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: 1", answer: "HTTP/1.1 408 "),
        Case(limit: .idleTime, settings: { $0.idleTimeout = soon }, request: "", answer: ""),
        Case(
            limit: .tunnelTime, settings: { $0.tunnelTimeout = soon },
            request: "GET / HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: foo\r\n\r\n",
            upstream: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
            answer: "HTTP/1.1 101 Switching Protocols\r\n"),
        Case(
            limit: .pending,
            settings: {
                $0.pool.maxConnections = 0
                $0.pool.maxPending = 0
            }, request: "GET / HTTP/1.1\r\n\(host)\r\n", answer: "HTTP/1.1 503 Service Unavailable\r\n"),
        Case(
            limit: .pendingTime,
            settings: {
                $0.pool.maxConnections = 0
                $0.pool.pendingTimeout = soon
            }, request: "GET / HTTP/1.1\r\n\(host)\r\n", answer: "HTTP/1.1 503 Service Unavailable\r\n"),
        Case(
            limit: .upstreamResponseTime, request: "GET / HTTP/1.1\r\n\(host)\r\n", upstream: "",
            answer: "HTTP/1.1 504 Gateway Timeout\r\n"),
        Case(
            limit: .upstreamIdleTime, request: "GET / HTTP/1.1\r\n\(host)\r\n",
            upstream: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", answer: "HTTP/1.1 200 OK\r\n"),
        Case(
            limit: .responseHead, settings: { $0.responseLimits.maxFields = 2 },
            request: "GET / HTTP/1.1\r\n\(host)\r\n",
            upstream: "HTTP/1.1 200 OK\r\nX: 1\r\nX: 2\r\nX: 3\r\n\r\n", answer: "HTTP/1.1 502 Bad Gateway\r\n"),
    ]

    @Test("the answer and the counter", arguments: cases)
    func limits(_ given: Case) async throws {
        var settings = TransportSettings()
        given.settings(&settings)
        let harness = try await Harness.start(settings) { _, upstream in
            var upstream = upstream
            if given.limit == .upstreamResponseTime { upstream.responseTimeout = Self.soon }
            if given.limit == .upstreamIdleTime { upstream.idleTimeout = Self.soon }
            return .forward(upstream)
        }
        let client = try await harness.connect()
        // A connection that gives its answer may be closed while the rest is still being sent.
        try? await client.send(given.request)
        if let answer = given.upstream {
            let upstream = try await harness.upstream.accept()
            _ = try await upstream.readHead()
            try await upstream.send(answer)
        }
        if given.answer.isEmpty {
            #expect(try await client.readToEnd() == "")
        } else {
            let head = try await client.readHead()
            #expect(head.hasPrefix(given.answer))
            #expect(head.hasPrefix("HTTP/1.1 503") == head.contains("Retry-After: 1\r\n"))
        }
        // What ends a connection is counted before it ends; what is answered, before the answer.
        if ![.upstreamResponseTime, .responseHead, .pending, .pendingTime].contains(given.limit) {
            _ = try await client.readToEnd()
        }
        expect(given.limit, in: harness.server.counters)
        let faults: Outcome.Fault? =
            switch given.limit {
            case .idleTime, .tunnelTime, .headTime, .requestLine, .fieldLine, .fields: nil
            case .head: nil
            case .body, .requestRate: .client
            default: .upstream
            }
        if let faults, let outcome = harness.log.withLockedValue({ $0.outcomes.first }) {
            #expect(outcome.fault == faults)
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("a client that takes nothing is reset, and named as the one at fault")
    func responseRate() async throws {
        var settings = TransportSettings()
        settings.sendTimeout = .milliseconds(200)
        let harness = try await Harness.start(settings)
        let client = try await harness.connect(receiveBuffer: 65_536)
        try await client.setReading(false)
        client.discard()
        try await client.send("GET / HTTP/1.1\r\n\(Self.host)\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
        // Sends until the proxy gives up: then the upstream's connection is closed, too.
        while (try? await upstream.send(PressureTests.megabyte)) != nil {}
        _ = try? await upstream.readToEnd()
        expect(.responseRate, in: harness.server.counters)
        try? await client.setReading(true)
        _ = try? await client.readToEnd()
        #expect(client.hasFailed, "a reset, not an orderly end")
        #expect(harness.log.withLockedValue { $0.outcomes.map(\.fault) } == [.client])
        #expect(harness.log.withLockedValue { $0.outcomes.map(\.reason) } == ["client_too_slow"])
        try await harness.stop()
    }

    @Test("one connection too many is closed at once")
    func connections() async throws {
        var settings = TransportSettings()
        settings.maxConnections = 1
        let harness = try await Harness.start(settings)
        let first = try await harness.connect()
        try await first.send("GET")
        let second = try await harness.connect()
        _ = try await second.readToEnd()
        expect(.connections, in: harness.server.counters)
        try await first.close()
        try await harness.stop()
    }

    @Test("what is still open at the deadline of a shutdown")
    func drainTime() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\n\(Self.host)\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await harness.server.drain(deadline: .now() + Self.soon)
        expect(.drainTime, in: harness.server.counters)
        _ = try await client.readToEnd()
        try await harness.stop()
    }

    @Test("a TLS handshake that does not begin")
    func handshakeTime() async throws {
        var settings = TransportSettings()
        settings.headTimeout = Self.soon
        let harness = try await Harness.start(settings)
        let listener = TLSListener(certificates: CertificateTable(Certificates())) { _, _ in }
        let address = try await harness.server.listen(ListenerMode(tls: listener))
        let client = try await RawConnection.connect(to: address)
        _ = try await client.readToEnd()
        expect(.handshakeTime, in: harness.server.counters)
        try await harness.stop()
    }

    @Test("a PROXY header that comes too late")
    func proxyHeaderTime() throws {
        let settings = TransportSettings()
        let proxy = try EmbeddedProxy(settings)
        let channel = EmbeddedChannel(loop: proxy.loop)
        var refusals: [ConnectionRefusal] = []
        let preamble = ProxyPreamble(state: proxy.state, peer: ClientOrigin(of: channel)) { _ in
        } refused: {
            refusals.append($0)
        }
        try channel.pipeline.syncOperations.addHandler(preamble)
        proxy.advance(settings.headTimeout)
        var counters = TransportCounters()
        proxy.counters.add(to: &counters)
        expect(.headTime, in: counters)
        #expect(counters.refusedProxyHeaders == 1)
        #expect(refusals == [.proxyHeaderTimeout])
    }

    @Test("a field section that does not end")
    func http2HeadTime() async throws {
        var settings = TransportSettings()
        settings.headTimeout = Self.soon
        let harness = try await Harness.start(settings)
        let client = try await harness.connect()
        let begun = HTTP2Tests.preface + HTTP2Tests.frame(4, 0, 0, []) + HTTP2Tests.frame(1, 1, 1, [0x82])
        try await client.send(ByteBuffer(bytes: begun))
        // Whether it reads the end or a reset is all the same here.
        _ = try? await client.readToEnd()
        expect(.http2HeadTime, in: harness.server.counters)
        try await harness.stop()
    }

    @Test("an upstream that does not accept in time")
    func upstreamConnectTime() throws {
        let proxy = try EmbeddedProxy(TransportSettings())
        proxy.connector.fails = ChannelError.connectTimeout(.seconds(3))
        try proxy.clientSends("GET / HTTP/1.1\r\n\(Self.host)\r\n")
        #expect(try proxy.atClient.hasPrefix("HTTP/1.1 504 "))
        var counters = TransportCounters()
        proxy.counters.add(to: &counters)
        expect(.upstreamConnectTime, in: counters)
    }

    @Test("every limit is among these, under a name of its own")
    func complete() {
        let others: Set<Limit> = [
            .responseRate, .connections, .connectionsPerAddress, .openFiles, .drainTime, .handshakeTime,
            .upstreamConnectTime, .http2HeadTime,
        ]
        #expect(others.union(Self.cases.map(\.limit)).union(HTTP2Tests.floods) == Set(Limit.allCases))
        #expect(Set(Limit.allCases.map(\.name)).count == Limit.allCases.count)
    }
}
