import HTMLInjection
import NIOCore
import Testing

@testable import Proxy

@Suite("Back-pressure, pools, transforms and draining", .timeLimit(.minutes(1)))
struct PressureTests {
    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    static let megabyte = ByteBuffer(repeating: 0x61, count: 1 << 20)

    /// Sends megabytes until `limit`, or until one could not be sent for a while; returns how many were sent.
    private func push(_ count: Int, from sender: RawConnection) -> Locked<Int> {
        let sent = Locked(0)
        Task {
            for _ in 0..<count {
                try await sender.send(Self.megabyte)
                sent.withLockedValue { $0 += 1 }
            }
        }
        return sent
    }

    @Test(
        "64 MB from the upstream while the client does not read",
        arguments: ["Content-Length: 67108864", "Transfer-Encoding: identity"])
    func slowClient(_ framing: String) async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect(receiveBuffer: 65_536)
        try await client.setReading(false)
        client.discard()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        let head = framing.hasPrefix("C") ? "\(framing)\r\n" : ""
        try await upstream.send("HTTP/1.1 200 OK\r\n\(head)\r\n")
        let sent = push(64, from: upstream)
        // Wait until nothing moves any more, then see how much the proxy has taken.
        var last = -1
        var rounds = 0
        while rounds < 20 {
            try await harness.settled()
            let now = sent.withLockedValue { $0 }
            rounds = now == last ? rounds + 1 : 0
            last = now
        }
        let held = try await harness.server.heldBytes()
        #expect(held > 0 && held <= 1 << 20, "the proxy holds \(held) bytes")
        #expect(sent.withLockedValue { $0 } < 64, "the upstream could not get rid of everything")
        try await client.setReading(true)
        try await client.waitForTotal(64 << 20)
        if !framing.hasPrefix("C") { try await upstream.close() }
        try await client.close()
        try await harness.stop()
    }

    @Test("64 MB from the client while the upstream does not read")
    func slowUpstream() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.setReading(false)
        upstream.discard()
        let before = upstream.total
        let sent = push(64, from: client)
        var last = -1
        var rounds = 0
        while rounds < 20 {
            try await harness.settled()
            let now = sent.withLockedValue { $0 }
            rounds = now == last ? rounds + 1 : 0
            last = now
        }
        let held = try await harness.server.heldBytes()
        #expect(held > 0 && held <= 1 << 20, "the proxy holds \(held) bytes")
        #expect(sent.withLockedValue { $0 } < 64)
        try await upstream.setReading(true)
        try await upstream.waitForTotal(before + 64 << 20)
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        // The connection that was paused works on.
        try await client.send("GET /after HTTP/1.1\r\nHost: x\r\n\r\n")
        // An answer that comes before its request would be a byte too many, and end the connection.
        try await upstream.waitForTotal(before + 64 << 20 + 1)
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        try await client.close()
        try await harness.stop()
    }

    @Test("clients that go away in the middle of an answer, while it is being written")
    func clientsGoneWhileWriting() async throws {
        let harness = try await Harness.start()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<30 {
                let client = try await harness.connect()
                client.discard()
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                let upstream = try await harness.upstream.accept()
                tasks.addTask {
                    _ = try await upstream.readHead()
                    try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
                    // Fails as soon as the proxy has closed, which it is to do.
                    await #expect(throws: (any Error).self) {
                        for _ in 0..<64 { try await upstream.send(Self.megabyte) }
                    }
                }
                tasks.addTask {
                    try await client.waitForTotal(1 << 20)
                    try await client.reset()
                }
            }
            try await tasks.waitForAll()
        }
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send(Self.ok)
        #expect(try await client.read(Self.ok.utf8.count) == Self.ok)
        try await client.close()
        try await harness.stop()
        #expect(harness.server.counters.activeUpstreamConnections == 0)
    }

    @Test("the pool: as many connections as allowed, the others wait, too many get 503")
    func poolBounds() async throws {
        var settings = TransportSettings()
        settings.pool.maxConnections = 1
        settings.pool.maxPending = 1
        let harness = try await Harness.start(settings)
        let clients = [try await harness.connect(), try await harness.connect(), try await harness.connect()]
        try await clients[0].send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await clients[1].send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        while harness.log.withLockedValue({ $0.requests.count }) < 2 { try await harness.settled() }
        try await clients[2].send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await clients[2].readHead().hasPrefix("HTTP/1.1 503 "))
        #expect(try await clients[2].read(through: "}\n").contains("upstream_overloaded"))
        try await upstream.send(Self.ok)
        #expect(try await clients[0].read(Self.ok.utf8.count) == Self.ok)
        #expect(try await upstream.readHead() == "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        try await upstream.send(Self.ok)
        #expect(try await clients[1].read(Self.ok.utf8.count) == Self.ok)
        #expect(harness.upstream.connections == 1)
        for client in clients { try await client.close() }
        try await harness.stop()
    }

    @Test("a waiting client that gives up leaves its place")
    func abandonedPlace() async throws {
        var settings = TransportSettings()
        settings.pool.maxConnections = 1
        settings.pool.maxPending = 1
        let harness = try await Harness.start(settings)
        let first = try await harness.connect()
        try await first.send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        let second = try await harness.connect()
        try await second.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        while harness.log.withLockedValue({ $0.requests.count }) < 2 { try await harness.settled() }
        try await second.reset()
        while harness.server.counters.activeConnections > 1 { try await harness.settled() }
        let third = try await harness.connect()
        try await third.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        while harness.log.withLockedValue({ $0.requests.count }) < 3 { try await harness.settled() }
        try await upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        #expect(try await first.read(Self.ok.utf8.count) == Self.ok)
        let next = try await harness.upstream.accept()
        #expect(try await next.readHead() == "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        try await next.send(Self.ok)
        #expect(try await third.read(Self.ok.utf8.count) == Self.ok)
        try await first.close()
        try await third.close()
        try await harness.stop()
    }

    @Test("more clients than allowed are turned away")
    func clientLimit() async throws {
        var settings = TransportSettings()
        settings.maxConnections = 1
        let harness = try await Harness.start(settings, onRequest: { _, _ in .respond(LocalResponse(200, "ok")) })
        let first = try await harness.connect()
        try await first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await first.readHead()
        let second = try await harness.connect()
        #expect(try await second.readToEnd() == "")
        try await first.close()
        while harness.server.counters.activeConnections > 0 { try await harness.settled() }
        let third = try await harness.connect()
        try await third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await third.readHead()
        #expect(harness.server.counters[.connections] == 1)
        try await third.close()
        try await harness.stop()
    }

    @Test(
        "transforms: the head waits for the length",
        arguments: [
            (LengthEffect.exact(3), 0, "Content-Length: 9\r\n\r\n<>!abcdef"),
            (LengthEffect.exact(3), 4, "Content-Length: 9\r\n\r\n<>!abcdef"),
            (LengthEffect.exact(3), 100, "Content-Length: 9\r\n\r\n<>!abcdef"),
            (LengthEffect.unknown, 0, "Transfer-Encoding: chunked\r\n\r\n6\r\n<>!abc\r\n3\r\ndef\r\n0\r\n\r\n"),
            (LengthEffect.unknown, 100, "Content-Length: 9\r\n\r\n<>!abcdef"),
        ])
    func transform(_ effect: LengthEffect, _ holds: Int, _ expected: String) async throws {
        let harness = try await Harness.start(onResponse: { _ in
            .forward(transform: PrefixTransform(effect: effect, holds: holds))
        })
        let client = try await harness.connect()
        for _ in 0..<2 {
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let upstream = try await harness.upstream.accept()
            _ = try await upstream.readHead()
            try await upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc")
            // What is released early arrives early.
            var early = ""
            if holds == 0 { early = try await client.read(through: "<>!abc") }
            try await upstream.send("def")
            let all = "HTTP/1.1 200 OK\r\n" + expected
            #expect(try await early + client.read(all.utf8.count - early.utf8.count) == all)
        }
        try await client.close()
        try await harness.stop()
    }

    @Test("a transform that fails breaks the answer off")
    func failedTransform() async throws {
        let harness = try await Harness.start(onResponse: { _ in
            .forward(transform: PrefixTransform(effect: .unknown, holds: 0, failsAfter: 3))
        })
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        _ = try await client.read(through: "<>!abc")
        try await upstream.send("def")
        #expect(!(try await client.readToEnd()).contains("0\r\n"))
        try await client.close()
        try await harness.stop()
    }

    @Test("draining: idle connections close, exchanges end with Connection: close, tunnels at the deadline")
    func drain() async throws {
        var settings = TransportSettings()
        settings.drainGrace = .milliseconds(20)
        let harness = try await Harness.start(settings)
        let idle = try await harness.connect()
        let busy = try await harness.connect()
        let tunnel = try await harness.connect()
        try await busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await tunnel.send(TunnelTests.request.replacing("websocket", with: "other"))
        let tunnelled = try await harness.upstream.accept()
        _ = try await tunnelled.readHead()
        try await tunnelled.send(TunnelTests.switching.replacing("websocket", with: "other"))
        _ = try await tunnel.readHead()
        while harness.server.counters.activeConnections < 3 { try await harness.settled() }
        let server = harness.server
        let drained = Task { try await server.drain(deadline: .now() + .milliseconds(500)) }
        #expect(try await idle.readToEnd() == "")
        try await upstream.send(Self.ok)
        #expect(try await busy.readToEnd() == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        try await busy.close()
        #expect(try await tunnel.readToEnd() == "")
        try await drained.value
        #expect(server.counters.activeConnections == 0)
        #expect(server.counters.activeUpstreamConnections == 0)
        await #expect(throws: (any Error).self) { try await harness.connect() }
        try await harness.upstream.close()
    }
}

/// Puts `<>!` before a body, as soon as it has seen enough of it.
private final class PrefixTransform: BodyTransform {
    private let effect: LengthEffect
    private let holds: Int
    private let failsAfter: Int
    private var held: [ByteBuffer] = []
    private var seen = 0
    private var isReleased = false

    init(effect: LengthEffect, holds: Int, failsAfter: Int = .max) {
        self.effect = effect
        self.holds = holds
        self.failsAfter = failsAfter
    }

    func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        seen += chunk.readableBytes
        guard !isReleased else { return out.append(chunk) }
        held.append(chunk)
        if seen >= holds { release(&out) }
    }

    func finish(into out: inout [ByteBuffer]) {
        if !isReleased { release(&out) }
    }

    private func release(_ out: inout [ByteBuffer]) {
        isReleased = true
        var first = ByteBuffer(string: "<>!")
        for var piece in held { first.writeBuffer(&piece) }
        out.append(first)
    }

    var length: LengthEffect { isReleased || holds == 0 ? effect : .undecided }

    var outcome: InjectionOutcome { seen > failsAfter ? .failed(.damaged) : .injected }
}
