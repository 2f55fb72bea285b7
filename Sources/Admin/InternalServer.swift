public import NIOCore
internal import NIOPosix
internal import Proxy

/// The internal listener: health and numbers, for loopback addresses and Unix sockets.
///
/// It is the data plane's own server, with requests that are all answered here: framing and limits are the same code. It
/// has an event loop, a limit on connections and counters of its own, so that it answers when the public ones are stuck or
/// full, and is not counted among them.
public final class InternalServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let server: ProxyServer

    /// More than any monitoring needs, and few enough that a mistake there costs nothing here.
    private static let maxConnections = 64

    /// Prepares the listener; nothing is opened before ``bind(to:sharing:)``.
    public init(health: Health, sources: MetricsSources) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = TransportSettings()
        settings.maxConnections = Self.maxConnections
        settings.maxBodyBytes = 64 * 1024
        let metrics = MetricsPage(sources: sources)
        server = ProxyServer(group: group, settings: settings) { eventLoop in
            AdminPhases(eventLoop: eventLoop, health: health, metrics: metrics)
        }
    }

    /// Listens on an address and returns where.
    ///
    /// - Parameters:
    ///   - address: a loopback address or a Unix socket.
    ///   - isShared: whether a process that takes over from this one may listen there as well.
    /// - Throws: what the system says.
    public func bind(to address: SocketAddress, sharing isShared: Bool = false) async throws -> SocketAddress {
        var options = ListeningSocket.Options()
        options.isShared = isShared
        let socket = try ListeningSocket(address, options)
        return try await server.listen(on: socket, mode: ListenerMode()).socket.address
    }

    /// Lets answers that are under way be sent, for a second, and closes.
    public func close() async throws {
        try await server.drain(deadline: .now() + .seconds(1))
        try await group.shutdownGracefully()
    }
}
