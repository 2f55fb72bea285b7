import HTTPWire
import NIOCore
import NIOEmbedded

@testable import Proxy

/// A client connection on an embedded loop whose clock the test moves; upstream connections are embedded channels too.
final class EmbeddedProxy {
    let loop = EmbeddedEventLoop()
    let state: LoopState
    let connector = EmbeddedConnector()
    let client: EmbeddedChannel
    let log = Locked(TestPhases.Log())
    let counters = LoopCounters()
    let upstream: Upstream
    private let makePhases: () -> TestPhases

    init(
        _ settings: TransportSettings, health: UpstreamHealth = UpstreamHealth { _ in },
        onRequest: ((Exchange, Upstream) -> RequestVerdict)? = nil
    ) throws {
        let upstream = Upstream(
            .tcp(host: "app.test", port: 80), connectTimeout: .seconds(3), responseTimeout: .seconds(7),
            idleTimeout: .seconds(11))
        self.upstream = upstream
        state = LoopState(
            loop: loop, settings: settings, counters: counters, connector: connector, wallClock: { 784_111_777 },
            health: health, random: { 0 })
        makePhases = { [log] in
            TestPhases(
                log: log, onRequest: { onRequest?($0, upstream) ?? .forward(upstream) },
                onResponse: { _ in .forward(transform: nil) })
        }
        client = EmbeddedChannel(loop: loop)
        try accept(client)
    }

    /// Another client's connection.
    func anotherClient() throws -> EmbeddedChannel {
        let another = EmbeddedChannel(loop: loop)
        try accept(another)
        return another
    }

    private func accept(_ channel: EmbeddedChannel) throws {
        try channel.pipeline.syncOperations.addHandler(
            HTTP1Connection(
                state: state, contact: ClientContact(origin: ClientOrigin(of: channel)), phases: makePhases()))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/client")).wait()
    }

    /// The upstream channels opened so far.
    var upstreams: [EmbeddedChannel] { connector.channels }

    func clientSends(_ text: String, on channel: EmbeddedChannel? = nil) throws {
        try (channel ?? client).writeInbound(ByteBuffer(string: text))
        loop.run()
    }

    /// A connection that the test expects was not opened.
    struct NoUpstream: Error {
        let index: Int
    }

    private func opened(_ index: Int) throws -> EmbeddedChannel {
        guard upstreams.indices.contains(index) else { throw NoUpstream(index: index) }
        return upstreams[index]
    }

    func upstreamSends(_ text: String, on index: Int = 0) throws {
        try opened(index).writeInbound(ByteBuffer(string: text))
        loop.run()
    }

    func advance(_ time: TimeAmount) { loop.advanceTime(by: time) }

    /// What the proxy has written to a channel since the last call.
    static func written(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    var atClient: String { get throws { try Self.written(client) } }

    func atUpstream(_ index: Int = 0) throws -> String { try Self.written(opened(index)) }
}

/// Opens embedded channels, at once or not at all.
final class EmbeddedConnector: Connector, @unchecked Sendable {
    // Everything happens on the test's thread.
    private(set) var channels: [EmbeddedChannel] = []
    var fails: (any Error)?

    /// Where connections were opened to, and those that were tried in vain.
    private(set) var endpoints: [UpstreamEndpoint] = []
    /// What no connection can be made to.
    var broken: [SocketAddress: any Error] = [:]
    /// The addresses of names.
    lazy var names: [String: [SocketAddress]] = ["app.test": Self.address("192.0.2.1", 80)]

    static func address(_ text: String, _ port: Int) -> [SocketAddress] {
        (try? SocketAddress(ipAddress: text, port: port)).map { [$0] } ?? []
    }

    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        let promise = loop.makePromise(of: [SocketAddress].self)
        let known = names[host]
        // Like the system's, the answer never comes at once.
        loop.execute {
            if let known {
                promise.succeed(known)
            } else {
                promise.fail(NameLookup.Failure(reason: "no such name"))
            }
        }
        return promise.futureResult
    }

    func connect(
        to endpoint: UpstreamEndpoint, of upstream: Upstream, on loop: any EventLoop, settings: TransportSettings,
        handler: any ChannelHandler
    ) -> EventLoopFuture<Void> {
        endpoints.append(endpoint)
        if let error = broken[endpoint.socket] { return loop.makeFailedFuture(error) }
        if let fails { return loop.makeFailedFuture(fails) }
        guard let loop = loop as? EmbeddedEventLoop else {
            return loop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let channel = EmbeddedChannel(loop: loop)
        channels.append(channel)
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
            return channel.connect(to: try SocketAddress(unixDomainSocketPath: "/app"))
        } catch {
            return loop.makeFailedFuture(error)
        }
    }
}
