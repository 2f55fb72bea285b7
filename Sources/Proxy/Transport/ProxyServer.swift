import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The data plane: listeners, and the client and upstream connections behind them, on the loops of one group.
///
/// A client connection lives on one event loop with the upstream connections it uses; loops share nothing but counters.
public final class ProxyServer: Sendable {
    /// Makes the phases of one client connection; called on the connection's event loop.
    public typealias MakePhases = @Sendable (any EventLoop) -> any Phases

    private let group: any EventLoopGroup
    private let settings: TransportSettings
    private let makePhases: MakePhases
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<LoopState>]
    private let counterList: [LoopCounters]
    private let listeners = NIOLockedValueBox<[any Channel]>([])
    private let activeConnections: ConnectionLimit

    /// Prepares the server; nothing is opened before ``bind(to:backlog:)``.
    ///
    /// - Parameters:
    ///   - group: the event loops; the caller shuts them down after ``close()``.
    ///   - settings: limits and time-outs.
    ///   - wallClock: Unix seconds, for the `Date` field; the system's clock unless given.
    ///   - makePhases: makes the policy for each client connection.
    public convenience init(
        group: any EventLoopGroup, settings: TransportSettings = TransportSettings(),
        wallClock: (@Sendable () -> Int64)? = nil, makePhases: @escaping MakePhases
    ) {
        self.init(
            group: group, settings: settings, connector: SocketConnector(),
            wallClock: wallClock ?? { Int64(time(nil)) }, makePhases: makePhases)
    }

    init(
        group: any EventLoopGroup, settings: TransportSettings, connector: any Connector,
        wallClock: @escaping @Sendable () -> Int64, makePhases: @escaping MakePhases
    ) {
        self.group = group
        self.settings = settings
        self.makePhases = makePhases
        self.activeConnections = ConnectionLimit(settings.maxConnections)
        var loops: [ObjectIdentifier: NIOLoopBoundBox<LoopState>] = [:]
        var counters: [LoopCounters] = []
        for loop in group.makeIterator() {
            let counter = LoopCounters()
            counters.append(counter)
            let state = LoopState(
                loop: loop, settings: settings, counters: counter, connector: connector, wallClock: wallClock)
            loops[ObjectIdentifier(loop)] = NIOLoopBoundBox.makeBoxSendingValue(state, eventLoop: loop)
        }
        self.loops = loops
        self.counterList = counters
    }

    /// Listens on an address (a port of 0 lets the system choose) or a Unix socket, and returns where.
    ///
    /// - Parameter tls: what it takes to speak TLS there; nil for cleartext.
    /// - Throws: what the system says, for instance that the address is in use.
    public func bind(
        to address: SocketAddress, backlog: Int32 = 1024, tls: TLSListener? = nil
    ) async throws -> SocketAddress {
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: ClientConnection.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: settings.waterMark)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandler(to: channel, tls) }
            }
        switch address {
        case .unixDomainSocket: break
        case .v4, .v6:
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        let channel = try await bootstrap.bind(to: address).get()
        listeners.withLockedValue { $0.append(channel) }
        return channel.localAddress ?? address
    }

    /// What has been counted so far, summed over the loops.
    public var counters: TransportCounters {
        var sum = TransportCounters()
        for counter in counterList { counter.add(to: &sum) }
        return sum
    }

    /// How many bytes are held for all client connections at the moment: received and not yet parsed, or written and not
    /// yet sent. Asks every loop.
    public func heldBytes() async throws -> Int {
        var sum = 0
        for state in loops.values { sum += try await state.eventLoop.submit { state.value.heldBytes }.get() }
        return sum
    }

    /// The connections to upstreams and what waits for one, summed over the loops. Asks every loop.
    public func pools() async throws -> [(upstream: Upstream.Address, occupancy: PoolOccupancy)] {
        var sum: [Upstream.Address: PoolOccupancy] = [:]
        for state in loops.values {
            let one = try await state.eventLoop.submit { state.value.pool.occupancy }.get()
            sum.merge(one) { $0 + $1 }
        }
        return sum.sorted { "\($0.key)" < "\($1.key)" }.map { ($0.key, $0.value) }
    }

    /// Returns when every event loop has taken a turn; one that hangs lets it wait for ever.
    public func answer() async throws {
        for state in loops.values { try await state.eventLoop.submit {}.get() }
    }

    /// How often somebody ran into which limit; the names are words like `request_line`.
    public var limitHits: [(limit: String, count: Int)] { [("connections", counters.refusedConnections)] }

    /// Shuts down gracefully: accepts nothing more, closes idle connections, says `Connection: close` on answers, and
    /// closes at the deadline what is then left (tunnels included). Returns when no client connection is left.
    public func drain(deadline: NIODeadline) async throws {
        try await closeListeners()
        let loops = Array(self.loops.values)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for state in loops {
                let loop = state.eventLoop
                tasks.addTask {
                    try await loop.flatSubmit {
                        let emptied = state.value.drain()
                        let end = loop.scheduleTask(deadline: deadline) { state.value.closeAll() }
                        emptied.whenComplete { _ in end.cancel() }
                        return emptied
                    }.get()
                }
            }
            try await tasks.waitForAll()
        }
    }

    /// Closes listeners and all connections at once.
    public func close() async throws { try await drain(deadline: .uptimeNanoseconds(0)) }

    private func closeListeners() async throws {
        let channels = listeners.withLockedValue { list in
            let channels = list
            list = []
            return channels
        }
        for channel in channels {
            do {
                try await channel.close()
            } catch ChannelError.alreadyClosed {
                // Somebody was faster, and that is as good.
            }
        }
    }

    private func addHandler(to channel: any Channel, _ tls: TLSListener?) throws {
        guard let state = loops[ObjectIdentifier(channel.eventLoop)]?.value else {
            throw ChannelError.operationUnsupported
        }
        state.counters.add(.connections)
        guard activeConnections.enter() else {
            state.counters.add(.refusedConnections)
            throw ChannelError.operationUnsupported
        }
        let limit = activeConnections
        channel.closeFuture.whenComplete { _ in limit.leave() }
        let makeConnection = { [makePhases] (tls: TLSClient?) in
            ClientConnection(state: state, channel: channel, phases: makePhases(channel.eventLoop), tls: tls)
        }
        if let tls {
            let handshake = TLSHandshake(state: state, listener: tls, makeConnection: makeConnection)
            try channel.pipeline.syncOperations.addHandler(handshake)
        } else {
            try channel.pipeline.syncOperations.addHandler(makeConnection(nil))
        }
    }
}

/// Counts client connections over all loops.
private final class ConnectionLimit: Sendable {
    private let limit: Int
    private let count = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = limit }

    func enter() -> Bool {
        guard limit > 0 else { return true }
        if count.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        count.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    func leave() {
        if limit > 0 { count.wrappingSubtract(1, ordering: .relaxed) }
    }
}
