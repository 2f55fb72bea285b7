import HTTPWire
import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite("Time limits, on a clock that the test moves")
struct TimeTests {
    static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private var settings: TransportSettings {
        var settings = TransportSettings()
        settings.headTimeout = .seconds(5)
        settings.idleTimeout = .seconds(20)
        settings.requestBodyTimeout = .seconds(6)
        settings.sendTimeout = .seconds(9)
        settings.tunnelTimeout = .seconds(11)
        settings.lingerTimeout = .seconds(2)
        settings.pool.idleTimeout = .seconds(4)
        settings.pool.lifetime = .seconds(60)
        settings.pool.pendingTimeout = .seconds(3)
        return settings
    }

    @Test("a silent connection is closed without a word") func idle() throws {
        let proxy = try EmbeddedProxy(settings)
        proxy.advance(.seconds(19))
        #expect(proxy.client.isActive)
        proxy.advance(.seconds(1))
        #expect(!proxy.client.isActive)
        #expect(try proxy.atClient == "")
    }

    @Test("S24: a head that trickles gets 408 at its deadline, however often a byte comes") func trickle() throws {
        let proxy = try EmbeddedProxy(settings)
        proxy.advance(.seconds(10))
        for byte in ["G", "E", "T", " ", "/"] {
            try proxy.clientSends(byte)
            proxy.advance(.milliseconds(900))
        }
        #expect(try proxy.atClient == "")
        proxy.advance(.milliseconds(500))
        let answer = try proxy.atClient
        #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.contains("within 5 s"))
        proxy.advance(.seconds(2))
        #expect(!proxy.client.isActive)
    }

    @Test("a request body that stops gets 408, one that keeps the pace does not") func body() throws {
        var settings = settings
        settings.requestRate = 1
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        for _ in 0..<5 {
            proxy.advance(.seconds(5))
            try proxy.clientSends("abcde")
        }
        #expect(try proxy.atClient == "")
        proxy.advance(.seconds(6))
        #expect(try proxy.atClient.hasPrefix("HTTP/1.1 408 "))
        #expect(!proxy.upstreams[0].isActive, "half a body is not left with the upstream")
    }

    @Test("a request body that trickles gets 408 however often a byte comes") func trickledBody() throws {
        var settings = settings
        settings.requestRate = 2
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        var seconds = 0
        while try proxy.atClient == "", seconds < 100 {
            try proxy.clientSends("1\r\na\r\n")
            proxy.advance(.seconds(1))
            seconds += 1
        }
        #expect(seconds == 11, "six seconds of grace, and half a second more for each byte")
        #expect(proxy.log.withLockedValue { $0.outcomes.map(\.fault) } == [.client])
        #expect(proxy.log.withLockedValue { $0.outcomes.map(\.reason) } == ["body_too_slow"])
    }

    @Test("a client that waits for 100 Continue is not the slow one") func awaitedContinue() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        proxy.advance(.milliseconds(6_500))
        #expect(try proxy.atClient == "")
        proxy.advance(.milliseconds(500))
        #expect(try proxy.atClient.hasPrefix("HTTP/1.1 504 "))
        #expect(proxy.log.withLockedValue { $0.outcomes.map(\.fault) } == [.upstream])
    }

    @Test("an upstream that does not answer: 504 with its address and the time") func response() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends(Self.get)
        #expect(try proxy.atUpstream() == Self.get)
        proxy.advance(.milliseconds(6_900))
        #expect(try proxy.atClient == "")
        proxy.advance(.milliseconds(100))
        let answer = try proxy.atClient
        #expect(answer.hasPrefix("HTTP/1.1 504 Gateway Timeout\r\n"))
        #expect(answer.contains("http://app.test:80 timed out after 7 s"))
        #expect(!answer.contains("Connection: close"))
        #expect(!proxy.upstreams[0].isActive)
        // The client's connection goes on.
        try proxy.clientSends(Self.get)
        try proxy.upstreamSends(Self.ok, on: 1)
        #expect(try proxy.atClient == Self.ok)
        #expect(proxy.log.withLockedValue { $0.outcomes.map(\.reason) } == ["upstream_timeout", nil])
    }

    @Test("interim responses do not prolong it") func interim() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends(Self.get)
        for _ in 0..<3 {
            proxy.advance(.seconds(2))
            try proxy.upstreamSends("HTTP/1.1 102 Processing\r\n\r\n")
        }
        proxy.advance(.seconds(1))
        #expect(try proxy.atClient.contains("HTTP/1.1 504 "))
    }

    @Test("a response body that stops is broken off") func stalledBody() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends(Self.get)
        try proxy.upstreamSends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na")
        proxy.advance(.seconds(10))
        try proxy.upstreamSends("b")
        proxy.advance(.seconds(10))
        #expect(proxy.client.isActive)
        proxy.advance(.seconds(1))
        #expect(!proxy.client.isActive)
        #expect(!proxy.upstreams[0].isActive)
    }

    @Test("a tunnel without a byte either way is closed") func tunnel() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n")
        try proxy.upstreamSends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n")
        for _ in 0..<3 {
            proxy.advance(.seconds(10))
            try proxy.clientSends("ping")
        }
        #expect(proxy.client.isActive)
        proxy.advance(.seconds(11))
        proxy.loop.run()
        #expect(!proxy.upstreams[0].isActive)
        #expect(!proxy.client.isActive)
    }

    @Test("no free connection within the time: 503") func queue() throws {
        var settings = settings
        settings.pool.maxConnections = 0
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends(Self.get)
        proxy.advance(.milliseconds(2_900))
        #expect(try proxy.atClient == "")
        proxy.advance(.milliseconds(100))
        #expect(try proxy.atClient.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    }

    @Test("idle upstream connections are used last in, first out, and closed in time") func pool() throws {
        let proxy = try EmbeddedProxy(settings)
        try proxy.clientSends(Self.get)
        try proxy.upstreamSends(Self.ok)
        proxy.advance(.seconds(3))
        try proxy.clientSends(Self.get)
        #expect(proxy.upstreams.count == 1)
        try proxy.upstreamSends(Self.ok)
        proxy.advance(.seconds(3))
        #expect(proxy.upstreams[0].isActive)
        proxy.advance(.seconds(2))
        #expect(!proxy.upstreams[0].isActive)
        try proxy.clientSends(Self.get)
        #expect(proxy.upstreams.count == 2)
    }

    @Test("an upstream connection is not used beyond its lifetime") func lifetime() throws {
        let proxy = try EmbeddedProxy(settings)
        for _ in 0..<25 {
            try proxy.clientSends(Self.get)
            try proxy.upstreamSends(Self.ok, on: proxy.upstreams.count - 1)
            proxy.advance(.seconds(3))
        }
        #expect(proxy.upstreams.count == 2)
        #expect(!proxy.upstreams[0].isActive)
    }

    @Test("a connection that times out: 504; one that fails: 502") func connect() throws {
        let proxy = try EmbeddedProxy(settings)
        proxy.connector.fails = ChannelError.connectTimeout(.seconds(3))
        try proxy.clientSends(Self.get)
        #expect(try proxy.atClient.contains("no connection within 3 s"))
        proxy.connector.fails = IOError(errnoCode: 111, reason: "connect")
        try proxy.clientSends(Self.get)
        let answer = try proxy.atClient
        #expect(answer.hasPrefix("HTTP/1.1 502 "))
        #expect(answer.contains("Tried http://app.test:80: connection refused"))
    }

    @Test("a store that never answers holds nothing but its own request") func laterAfterClose() throws {
        let promise = Locked<EventLoopPromise<RequestVerdict>?>(nil)
        let proxy = try EmbeddedProxy(settings) { x, _ in
            let new = x.eventLoop.makePromise(of: RequestVerdict.self)
            promise.withLockedValue { $0 = new }
            return .later(new.futureResult)
        }
        try proxy.clientSends(Self.get)
        try proxy.client.close().wait()
        promise.withLockedValue { $0 }?.assumeIsolated().succeed(.forward(proxy.upstream))
        proxy.loop.run()
        #expect(proxy.upstreams.isEmpty, "nothing is sent for a client that has gone")
        #expect(proxy.log.withLockedValue { $0.outcomes.map(\.reason) } == ["client_closed"])
    }

    @Test("of many connections, those that were answered long ago let go, and are answered again all the same")
    func warmConnections() throws {
        var settings = settings
        settings.warmConnections = 256
        let proxy = try EmbeddedProxy(settings) { x, _ in
            .respond(LocalResponse(200, x.requestHead.string(x.requestHead.target)))
        }
        let letGo = { proxy.log.withLockedValue { $0.letGo } }
        let clients = try (0..<300).map { _ in try proxy.anotherClient() }
        let ask = { (index: Int) in
            try proxy.clientSends("GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\n", on: clients[index])
            #expect(try EmbeddedProxy.written(clients[index]).hasSuffix("\r\n\r\n/\(index)"))
        }
        for index in 0..<256 { try ask(index) }
        #expect(letGo() == 0)
        for index in 0..<256 { try ask(index) }
        #expect(letGo() == 0, "none is counted twice")
        for index in 256..<300 { try ask(index) }
        #expect(letGo() == 44)
        // The first has let go, the one after those has not.
        try ask(0)
        #expect(letGo() == 45)
        try ask(100)
        #expect(letGo() == 45)
        // Whoever is gone is not told any more.
        for index in 46..<56 { try clients[index].close().wait() }
        for index in 1..<11 { try ask(index) }
        #expect(letGo() == 46)
    }

    @Test("a failed verdict: 503") func failedVerdict() throws {
        let proxy = try EmbeddedProxy(settings) { x, _ in .later(x.eventLoop.makeFailedFuture(ChannelError.eof)) }
        try proxy.clientSends(Self.get)
        let answer = try proxy.atClient
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(answer.contains("\"fault\":\"store\""))
    }
}
