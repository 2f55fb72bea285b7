import NIOCore
import Testing

@testable import Proxy

@Suite("Upgrades and tunnels", .timeLimit(.minutes(1)))
struct TunnelTests {
    static let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    static let forwarded = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    static let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

    private func open(_ harness: Harness) async throws -> (RawConnection, RawConnection) {
        let client = try await harness.connect()
        try await client.send(Self.request)
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == Self.forwarded)
        try await upstream.send(Self.switching)
        #expect(try await client.readHead() == Self.switching)
        return (client, upstream)
    }

    @Test("bytes of any kind, both ways, left-over bytes included")
    func echo() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        // What a client sends too early is kept until the upstream has agreed.
        try await client.send(Self.request + "early")
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == Self.forwarded)
        #expect(upstream.available == "")
        try await upstream.send(Self.switching + "late")
        #expect(try await client.readHead() == Self.switching)
        #expect(try await client.read(4) == "late")
        #expect(try await upstream.read(5) == "early")
        for round in 0..<50 {
            try await client.send("GET /\(round) HTTP/1.1\r\n\r\n")
            let text = try await upstream.readHead()
            try await upstream.send(text)
            #expect(try await client.readHead() == "GET /\(round) HTTP/1.1\r\n\r\n")
        }
        #expect(harness.server.counters.activeTunnels == 1)
        // The client shuts down sending: so is it with the upstream, which may go on.
        try await client.closeOutput()
        #expect(try await upstream.readToEnd() == "")
        try await upstream.send("last words")
        #expect(try await client.read(10) == "last words")
        try await upstream.close()
        #expect(try await client.readToEnd() == "")
        try await harness.stop()
        #expect(harness.server.counters.activeTunnels == 0)
        let outcomes = harness.log.withLockedValue { $0.outcomes }
        #expect(outcomes.map(\.status) == [101])
        #expect(outcomes.first?.isComplete == true)
    }

    @Test("half-close from the upstream")
    func upstreamHalfClose() async throws {
        let harness = try await Harness.start()
        let (client, upstream) = try await open(harness)
        try await upstream.send("bye")
        try await upstream.closeOutput()
        #expect(try await client.readToEnd() == "bye")
        try await client.send("still here")
        #expect(try await upstream.read(10) == "still here")
        try await client.close()
        #expect(try await upstream.readToEnd() == "")
        try await harness.stop()
    }

    @Test("a reset on one side ends the other", arguments: [true, false])
    func reset(fromClient: Bool) async throws {
        let harness = try await Harness.start()
        let (client, upstream) = try await open(harness)
        if fromClient {
            try await client.reset()
            #expect(try await upstream.readToEnd() == "")
        } else {
            try await upstream.reset()
            #expect(try await client.readToEnd() == "")
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("S1: 200 instead of 101: what follows is the next request, not a tunnel")
    func declined() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send(Self.request + "GET /next HTTP/1.1\r\nHost: x\r\nConnection: X-Evil\r\nX-Evil: 1\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == Self.forwarded)
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        try await upstream.send(ok)
        #expect(try await upstream.readHead() == "GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        try await upstream.send(ok)
        #expect(try await client.read(2 * ok.utf8.count) == ok + ok)
        #expect(harness.log.withLockedValue { $0.requests } == ["/ws", "/next"])
        try await client.close()
        try await harness.stop()
    }

    @Test("h2c is not passed on: nobody here would look at what is inside")
    func h2c() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
        )
        let upstream = try await harness.upstream.accept()
        #expect(try await upstream.readHead() == "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try await client.close()
        try await harness.stop()
    }

    @Test("phases may refuse the 101")
    func refused() async throws {
        let harness = try await Harness.start(onResponse: { _ in .respond(LocalResponse(403, "no")) })
        let client = try await harness.connect()
        try await client.send(Self.request)
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send(Self.switching)
        #expect(try await client.readHead().hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        #expect(try await upstream.readToEnd() == "")
        try await client.close()
        try await harness.stop()
    }
}
