import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite("Several addresses, names and what becomes of pools, on a clock that the test moves")
struct UpstreamPoolTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private static let refused = IOError(errnoCode: 111, reason: "connect")
    private static let two = Upstream(
        .tcp(host: "192.0.2.1", port: 80), alternatives: [.tcp(host: "192.0.2.2", port: 80)],
        connectTimeout: .seconds(3), responseTimeout: .seconds(7))

    private func proxy(
        _ upstream: Upstream = two, maxConnections: Int = 512, news: Locked<[UpstreamNews]>? = nil
    ) throws -> EmbeddedProxy {
        var settings = TransportSettings()
        settings.pool.maxConnections = maxConnections
        settings.idleTimeout = .hours(9)
        settings.pool.idleTimeout = .minutes(5)
        let health = UpstreamHealth { item in news?.withLockedValue { $0.append(item) } }
        return try EmbeddedProxy(settings, health: health) { _, _ in .forward(upstream) }
    }

    private func exchange(_ proxy: EmbeddedProxy, on index: Int) throws {
        try proxy.clientSends(Self.get)
        try proxy.upstreamSends(Self.ok, on: index)
        #expect(try proxy.atClient == Self.ok)
    }

    private func tried(_ proxy: EmbeddedProxy) -> [String] { proxy.connector.endpoints.compactMap(\.socket.ipAddress) }

    @Test("in turn, each over a connection of its own that is kept") func turns() throws {
        let proxy = try proxy()
        for index in [0, 1, 0, 1, 0] { try exchange(proxy, on: index) }
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2"])
    }

    @Test("a refused connection: the next address, also for a body that waits; the news is told once")
    func failover() throws {
        let news = Locked<[UpstreamNews]>([])
        let proxy = try proxy(news: news)
        let first = EmbeddedConnector.address("192.0.2.1", 80)[0]
        proxy.connector.broken[first] = Self.refused
        try proxy.clientSends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        #expect(try proxy.atUpstream() == "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        try proxy.upstreamSends(Self.ok)
        #expect(try proxy.atClient == Self.ok)
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2"])
        for _ in 0..<3 { try exchange(proxy, on: 0) }
        #expect(tried(proxy).count == 2, "the broken one is left alone")
        proxy.advance(.seconds(1))
        try exchange(proxy, on: 0)
        try exchange(proxy, on: 0)
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2", "192.0.2.1"], "one trial")
        proxy.connector.broken = [:]
        proxy.advance(.seconds(2))
        try proxy.clientSends(Self.get)
        if proxy.upstreams.count == 1 {
            try proxy.upstreamSends(Self.ok)
            try proxy.clientSends(Self.get)
        }
        #expect(proxy.upstreams.count == 2)
        try proxy.upstreamSends(Self.ok, on: 1)
        #expect(try proxy.atClient.hasSuffix(Self.ok))
        #expect(
            news.withLockedValue { $0 } == [
                .putAside(address: "http://192.0.2.1:80", reason: "connection refused"),
                .back(address: "http://192.0.2.1:80"),
            ])
        var sum = TransportCounters()
        proxy.counters.add(to: &sum)
        #expect(sum.upstreamRefused == 2 && sum.upstreamConnectFailures == 2 && sum.upstreamFailovers == 2)
        #expect(sum.upstreamsPutAside == 1 && sum.upstreamsBack == 1)
    }

    /// A proxy that may have one connection, which leads to the second address and has a request under way. The first
    /// address was put aside, and works and may be tried again by now.
    private func crowded() throws -> EmbeddedProxy {
        let proxy = try proxy(maxConnections: 1)
        proxy.connector.broken[EmbeddedConnector.address("192.0.2.1", 80)[0]] = Self.refused
        try proxy.clientSends(Self.get)
        proxy.connector.broken = [:]
        proxy.advance(.seconds(2))
        return proxy
    }

    @Test("a request that can only wait leaves the trial of an address that was put aside to another")
    func waitingIsNoTrial() throws {
        let proxy = try crowded()
        let waiting = try proxy.anotherClient()
        try proxy.clientSends(Self.get, on: waiting)
        try proxy.upstreamSends(Self.ok)
        try proxy.upstreamSends(Self.ok)
        #expect(try proxy.atClient == Self.ok)
        #expect(try EmbeddedProxy.written(waiting) == Self.ok)
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2"])
        try proxy.upstreams[0].close().wait()
        try exchange(proxy, on: 1)
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2", "192.0.2.1"])
    }

    @Test("room is made for a trial: it is not used up by a request that goes elsewhere, nor put off for ever")
    func roomForTrial() throws {
        let proxy = try crowded()
        try proxy.upstreamSends(Self.ok)
        #expect(try proxy.atClient == Self.ok)
        #expect(proxy.upstreams[0].isActive, "the only connection is idle")
        try exchange(proxy, on: 1)
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2", "192.0.2.1"])
        #expect(!proxy.upstreams[0].isActive && proxy.upstreams[1].isActive)
        // Nobody is on trial any more: what is idle serves every request again.
        for _ in 0..<3 { try exchange(proxy, on: 1) }
        var sum = TransportCounters()
        proxy.counters.add(to: &sum)
        #expect(sum.upstreamsBack == 1 && sum.activeUpstreamConnections == 1)
    }

    @Test("all refuse: 502 after each was tried once; what is wrong here counts against none")
    func allRefuse() throws {
        let proxy = try proxy()
        proxy.connector.fails = Self.refused
        try proxy.clientSends(Self.get)
        #expect(try proxy.atClient.contains("Tried http://192.0.2.1:80,http://192.0.2.2:80: connection refused"))
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2"])
        proxy.connector.fails = IOError(errnoCode: 24, reason: "socket")
        try proxy.clientSends(Self.get)
        #expect(try proxy.atClient.contains("too many open files"))
        #expect(tried(proxy).count == 3)
    }

    @Test("three responses in a row that break: the address is put aside") func broken() throws {
        let news = Locked<[UpstreamNews]>([])
        let proxy = try proxy(news: news)
        for _ in 0..<3 {
            // The second address answers on its one connection; the first closes each of its own.
            try proxy.clientSends(Self.get)
            let index = proxy.upstreams.indices.last { $0 != 1 && proxy.upstreams[$0].isActive } ?? 0
            try proxy.upstreams[index].close().wait()
            proxy.loop.run()
            #expect(try proxy.atClient.contains("502 Bad Gateway"))
            try exchange(proxy, on: 1)
        }
        let before = proxy.upstreams.count
        for _ in 0..<3 { try exchange(proxy, on: 1) }
        #expect(proxy.upstreams.count == before)
        #expect(news.withLockedValue { $0.count } == 1)
    }

    @Test("a name: its addresses in turn, looked up again, connections to those that are gone closed")
    func names() throws {
        let proxy = try proxy(Upstream(.tcp(host: "web.test", port: 80)))
        let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].flatMap { EmbeddedConnector.address($0, 80) }
        proxy.connector.names["web.test"] = Array(addresses.prefix(2))
        for index in [0, 1, 0] { try exchange(proxy, on: index) }
        proxy.connector.names["web.test"] = Array(addresses.suffix(2))
        try exchange(proxy, on: 1)
        #expect(proxy.upstreams[0].isActive, "not looked up yet")
        proxy.advance(.seconds(10))
        // This request goes to an address that is not the name's any more, as nobody knows yet.
        try exchange(proxy, on: 0)
        #expect(!proxy.upstreams[0].isActive && proxy.upstreams[1].isActive)
        for index in [2, 1] { try exchange(proxy, on: index) }
        #expect(tried(proxy) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        // Nobody knows the name any more: what is known of it goes on.
        proxy.connector.names = [:]
        proxy.advance(.seconds(10))
        for index in [2, 1, 2] { try exchange(proxy, on: index) }
    }

    @Test("a name that is unknown: 502 that says so; and it is asked for again") func unknownName() throws {
        let proxy = try proxy(Upstream(.tcp(host: "web.test", port: 80)))
        try proxy.clientSends(Self.get)
        #expect(try proxy.atClient.contains("Tried http://web.test:80: the host name was not found (no such name)"))
        proxy.connector.names["web.test"] = EmbeddedConnector.address("192.0.2.1", 80)
        try exchange(proxy, on: 0)
    }

    @Test("a name with addresses of both families: the other one is tried when the first does not work")
    func families() throws {
        let proxy = try proxy(Upstream(.tcp(host: "localhost", port: 80)))
        let six = EmbeddedConnector.address("::1", 80)
        proxy.connector.names["localhost"] = six + EmbeddedConnector.address("127.0.0.1", 80)
        for _ in 0..<3 { try exchange(proxy, on: 0) }
        #expect(tried(proxy) == ["::1"])
        try proxy.upstreams[0].close().wait()
        proxy.connector.broken[six[0]] = Self.refused
        try exchange(proxy, on: 1)
        #expect(tried(proxy) == ["::1", "::1", "127.0.0.1"])
    }

    @Test(
        "what is used at once is kept; what the last second did not need is closed, but for a few, the longest idle first"
    )
    func surplus() throws {
        var settings = TransportSettings()
        settings.idleTimeout = .hours(9)
        settings.pool.idleTimeout = .minutes(5)
        settings.pool.maxIdle = 2
        let proxy = try EmbeddedProxy(settings) { _, upstream in
            .forward(upstream)
        }
        let clients = [proxy.client] + (try (1..<5).map { _ in try proxy.anotherClient() })
        func burst(_ count: Int) throws {
            for client in clients.prefix(count) { try client.writeInbound(ByteBuffer(string: Self.get)) }
            proxy.loop.run()
            for channel in proxy.upstreams where channel.isActive {
                if try EmbeddedProxy.written(channel).isEmpty { continue }
                try channel.writeInbound(ByteBuffer(string: Self.ok))
            }
            proxy.loop.run()
            for client in clients.prefix(count) { #expect(try EmbeddedProxy.written(client) == Self.ok) }
        }
        // Each burst finds what the one before has left, over more than one sweep.
        for _ in 0..<4 {
            try burst(5)
            proxy.advance(.milliseconds(600))
        }
        #expect(proxy.upstreams.count == 5 && proxy.upstreams.allSatisfy(\.isActive))
        for _ in 0..<4 {
            try burst(3)
            proxy.advance(.milliseconds(600))
        }
        #expect(proxy.upstreams.map(\.isActive) == [false, false, true, true, true])
        proxy.advance(.seconds(2))
        #expect(proxy.upstreams.filter(\.isActive).count == 2, "a few stay until they have been idle for long")
        proxy.advance(.minutes(6))
        #expect(!proxy.upstreams.contains { $0.isActive })
    }

    @Test("upstreams that are not in the configuration any more: idle connections close at once, others when done")
    func retiring() throws {
        let other = Upstream(.tcp(host: "192.0.2.9", port: 80))
        let proxy = try proxy()
        try exchange(proxy, on: 0)
        try proxy.clientSends(Self.get)
        #expect(proxy.upstreams.count == 2)
        proxy.state.pool.keep(only: [Self.two.key, other.key])
        #expect(proxy.upstreams.allSatisfy { $0.isActive })
        proxy.state.pool.keep(only: [other.key])
        #expect(!proxy.upstreams[0].isActive && proxy.upstreams[1].isActive)
        try proxy.upstreamSends(Self.ok, on: 1)
        #expect(try proxy.atClient == Self.ok)
        #expect(!proxy.upstreams[1].isActive)
        // Should it come back, it works as before.
        try exchange(proxy, on: 2)
        #expect(proxy.upstreams[2].isActive)
    }
}

@Suite("What the loops find out together")
struct UpstreamHealthTests {
    @Test("told once, however many loops find out; and back when all are") func once() throws {
        let news = Locked<[UpstreamNews]>([])
        let health = UpstreamHealth { item in news.withLockedValue { $0.append(item) } }
        let endpoint = UpstreamEndpoint(
            address: .tcp(host: "web", port: 80), socket: try SocketAddress(ipAddress: "192.0.2.1", port: 80))
        health.isBack(endpoint)
        health.isAside(endpoint, "connection refused")
        health.isAside(endpoint, "connection refused")
        health.isBack(endpoint)
        #expect(news.withLockedValue { $0.count } == 1)
        health.isBack(endpoint)
        let address = "http://web:80 (192.0.2.1)"
        #expect(
            news.withLockedValue { $0 } == [
                .putAside(address: address, reason: "connection refused"), .back(address: address),
            ])
        health.isAside(endpoint, "connection refused")
        health.forget(endpoint)
        health.isAside(endpoint, "connection refused")
        #expect(news.withLockedValue { $0.count } == 4)
    }
}
