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
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<LoopState>]
    private let counterList: [LoopCounters]
    private let listeners = NIOLockedValueBox<[Listener]>([])
    private let front: FrontDoor
    private let activeConnections: ConnectionLimit
    private let addressLimit: AddressLimit

    /// Prepares the server; nothing is opened before ``listen(on:backlog:mode:)``.
    ///
    /// - Parameters:
    ///   - group: the event loops; the caller shuts them down after ``close()``.
    ///   - settings: limits and time-outs.
    ///   - front: whom to believe about the connections that come in, and whom to tell of them.
    ///   - wallClock: Unix seconds, for the `Date` field; the system's clock unless given.
    ///   - upstreamNews: told when an address of an upstream is put aside and when it is back; called on an event loop.
    ///   - makePhases: makes the policy for each client connection.
    public convenience init(
        group: any EventLoopGroup, settings: TransportSettings = TransportSettings(), front: FrontDoor = FrontDoor(),
        wallClock: (@Sendable () -> Int64)? = nil, upstreamNews: @escaping @Sendable (UpstreamNews) -> Void = { _ in },
        makePhases: @escaping MakePhases
    ) {
        self.init(
            group: group, settings: settings, front: front, connector: SocketConnector(),
            wallClock: wallClock ?? { Int64(time(nil)) }, upstreamNews: upstreamNews, makePhases: makePhases)
    }

    init(
        group: any EventLoopGroup, settings: TransportSettings, front: FrontDoor, connector: any Connector,
        wallClock: @escaping @Sendable () -> Int64, upstreamNews: @escaping @Sendable (UpstreamNews) -> Void,
        makePhases: @escaping MakePhases
    ) {
        self.group = group
        self.settings = settings
        self.front = front
        self.activeConnections = ConnectionLimit(settings.maxConnections)
        self.addressLimit = AddressLimit(settings.maxConnectionsPerAddress)
        var loops: [ObjectIdentifier: NIOLoopBoundBox<LoopState>] = [:]
        var counters: [LoopCounters] = []
        let health = UpstreamHealth(tell: upstreamNews)
        for loop in group.makeIterator() {
            let counter = LoopCounters()
            counters.append(counter)
            let state = LoopState(
                loop: loop, settings: settings, counters: counter, connector: connector, wallClock: wallClock,
                health: health)
            state.handlers = ClientHandlers(state, areTrusted: false) { makePhases(loop) }
            state.trustedHandlers = ClientHandlers(state, areTrusted: true) { makePhases(loop) }
            loops[ObjectIdentifier(loop)] = NIOLoopBoundBox.makeBoxSendingValue(state, eventLoop: loop)
        }
        self.loops = loops
        self.counterList = counters
    }

    /// Accepts the connections that come to a socket, which is the server's from now on.
    ///
    /// - Parameters:
    ///   - backlog: how many connections may wait to be accepted; the system may allow fewer.
    ///   - mode: what connections begin with.
    /// - Throws: what the system says.
    public func listen(
        on socket: ListeningSocket, backlog: CInt = 4096, mode: ListenerMode
    ) async throws -> Listener {
        let mode = NIOLockedValueBox(mode)
        let tally = AcceptGate.Tally()
        let isNameless = socket.isUnix
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addGate(to: channel, tally) }
            }
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: HTTP1Connection.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: settings.waterMark)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try accept(channel, mode.withLockedValue { $0 }, isNameless: isNameless)
                }
            }
        if !isNameless { bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1) }
        let channel: any Channel
        do {
            channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
        } catch {
            socket.file?.remove()
            throw error
        }
        do {
            // Once more, with the number that is wanted; what a Unix socket replaces is replaced only now.
            try socket.listen(backlog: backlog)
        } catch {
            try await channel.close()
            socket.file?.remove()
            throw error
        }
        let listener = Listener(socket, group, channel, tally, mode)
        listeners.withLockedValue { $0.append(listener) }
        return listener
    }

    /// Stops one listener, and leaves the others and all connections alone. What has connected already is accepted.
    public func stop(_ listener: Listener) async throws {
        listeners.withLockedValue { $0.removeAll { $0 === listener } }
        try await listener.stop(after: settings.drainGrace)
    }

    /// Closes the idle connections to all other upstreams than these, and those in use when they are done. Requests that
    /// are under way are not touched.
    public func keepUpstreams(_ upstreams: [Upstream]) {
        let keys = Set(upstreams.map(\.key))
        for state in loops.values { state.eventLoop.execute { state.value.pool.keep(only: keys) } }
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
    public func pools() async throws -> [(upstream: String, occupancy: PoolOccupancy)] {
        var sum: [String: PoolOccupancy] = [:]
        for state in loops.values {
            let one = try await state.eventLoop.submit { state.value.pool.occupancy }.get()
            sum.merge(one) { $0 + $1 }
        }
        return sum.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Returns when every event loop has taken a turn; one that hangs lets it wait for ever.
    public func answer() async throws {
        for state in loops.values { try await state.eventLoop.submit {}.get() }
    }

    /// Shuts down gracefully: accepts nothing more but what has connected already, says `Connection: close` on answers,
    /// closes connections that stay idle for ``TransportSettings/drainGrace``, and closes at the deadline what is then left
    /// (tunnels included). Returns when no client connection is left.
    public func drain(deadline: NIODeadline) async throws {
        let loops = Array(self.loops.values)
        for state in loops { try await state.eventLoop.submit { state.value.beginDraining() }.get() }
        try await stopListeners(by: deadline)
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

    private func stopListeners(by deadline: NIODeadline) async throws {
        let listeners = listeners.withLockedValue { list in
            let listeners = list
            list = []
            return listeners
        }
        let grace = min(settings.drainGrace, max(.zero, deadline - .now()))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for listener in listeners { tasks.addTask { try await listener.stop(after: grace) } }
            try await tasks.waitForAll()
        }
    }

    // MARK: - Connections

    private func state(of channel: any Channel) throws -> LoopState {
        guard let state = loops[ObjectIdentifier(channel.eventLoop)]?.value else {
            throw ChannelError.operationUnsupported
        }
        return state
    }

    private func addGate(to channel: any Channel, _ tally: AcceptGate.Tally) throws {
        let gate = AcceptGate(tally, counters: try state(of: channel).counters, report: front.report)
        try channel.pipeline.syncOperations.addHandler(gate)
    }

    /// Takes a new connection in, or throws, upon which it is closed: without a word, for which the client would have to be
    /// listened to first, and in TLS even be given a handshake.
    ///
    /// - Parameter isNameless: whether clients have no address here, because it is a Unix socket.
    private func accept(_ channel: any Channel, _ mode: ListenerMode, isNameless: Bool) throws {
        let state = try state(of: channel)
        let peer = ClientOrigin(of: channel)
        state.counters.add(.connections)
        // It has been reset already. A request that it may have sent before would be nobody's, or worse, this machine's.
        guard peer.address != nil || isNameless else { throw ChannelError.ioOnClosedChannel }
        guard activeConnections.enter() else { throw refuse(peer, .tooMany, state) }
        let limit = activeConnections
        channel.closeFuture.whenComplete { _ in limit.leave() }
        guard mode.hasProxyHeader else { return try begin(channel, peer, mode.tls, state) }
        guard front.trusts(peer.address) else { throw refuse(peer, .untrustedProxy, state) }
        let preamble = ProxyPreamble(state: state, peer: peer) { [self] origin in
            try begin(channel, origin, mode.tls, state)
        } refused: { [report = front.report] refusal in
            report(.refused(peer.address, refusal))
        }
        try channel.pipeline.syncOperations.addHandler(preamble)
    }

    /// Begins what a client has to say, once it is known who it is.
    private func begin(_ channel: any Channel, _ origin: ClientOrigin, _ tls: TLSListener?, _ state: LoopState) throws {
        // A trusted proxy brings many clients, and so does one that does not say whom.
        let isTrusted = front.trusts(origin.address)
        if origin.isClient, !isTrusted, let key = addressLimit.key(of: origin.address) {
            guard addressLimit.enter(key) else { throw refuse(origin, .tooManyOfAddress, state) }
            let limit = addressLimit
            channel.closeFuture.whenComplete { _ in limit.leave(key) }
        }
        guard let handlers = isTrusted ? state.trustedHandlers : state.handlers else {
            throw ChannelError.operationUnsupported
        }
        if let tls {
            let handshake = TLSHandshake(state: state, listener: tls, origin: origin, handlers: handlers)
            try channel.pipeline.syncOperations.addHandler(handshake)
        } else {
            try channel.pipeline.syncOperations.addHandler(handlers.http1(origin))
        }
    }

    private func refuse(_ origin: ClientOrigin, _ refusal: ConnectionRefusal, _ state: LoopState) -> any Error {
        state.counters.addRefusal(refusal)
        front.report(.refused(origin.address, refusal))
        return ChannelError.operationUnsupported
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
