import HTTPWire
import NIOCore

/// A client's connection, as far as its loop has to do with it.
protocol LoopConnection: AnyObject {
    /// Lets the exchange end and then closes; if there is none, closes if none comes soon.
    func drain()
    /// Closes whatever is going on.
    func closeNow()
    /// Bytes that wait in either direction.
    var heldBytes: Int { get }
}

/// What the connections of one event loop share. Confined to that loop.
final class LoopState {
    /// An HTTP/2 connection that has had no stream for so long lets go of memory that it would use again if it had. Those of
    /// HTTP/1.1, which are many more, do so by turns: see ``WarmConnections``.
    static let slimAfter = TimeAmount.seconds(5)

    let loop: any EventLoop
    let settings: TransportSettings
    let counters: LoopCounters
    let pool: UpstreamPool
    let timers: TimerQueue
    let warm: WarmConnections
    /// What makes the handlers of its connections, and of those from trusted proxies.
    var handlers: ClientHandlers?
    var trustedHandlers: ClientHandlers?
    private(set) var isDraining = false
    private var connections: [ObjectIdentifier: any LoopConnection] = [:]
    private var whenEmpty: [EventLoopPromise<Void>] = []
    private var spareBuffers: [ByteBuffer] = []
    /// What the heads of HTTP/2 are read into and put together in, one after another.
    var requestFields: HTTP2RequestFields
    var responseFields = HTTP2FieldBlock(status: 200)
    private var date: DateLine

    init(
        loop: any EventLoop, settings: TransportSettings, counters: LoopCounters, connector: any Connector,
        wallClock: @escaping @Sendable () -> Int64, health: UpstreamHealth = UpstreamHealth { _ in },
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.loop = loop
        self.settings = settings
        self.counters = counters
        self.pool = UpstreamPool(
            loop: loop, settings: settings, counters: counters, connector: connector, health: health, random: random)
        self.timers = TimerQueue(loop: loop)
        self.warm = WarmConnections(most: settings.warmConnections)
        self.date = DateLine(wallClock: wallClock)
        self.requestFields = HTTP2RequestFields(limits: settings.requestLimits)
    }

    // MARK: - Scratch

    /// An empty buffer to collect what is written in one go; give it back with ``giveBack(_:)``.
    func takeBuffer() -> ByteBuffer {
        guard var buffer = spareBuffers.popLast() else { return ByteBufferAllocator().buffer(capacity: 4096) }
        // Makes a new one by itself if the channel has not sent the bytes of the last use yet.
        buffer.clear()
        return buffer
    }

    /// Takes a buffer of ``takeBuffer()`` back after it has been written and flushed.
    func giveBack(_ buffer: ByteBuffer) {
        if spareBuffers.count < 4, buffer.storageCapacity <= 64 * 1024 { spareBuffers.append(buffer) }
    }

    /// Appends the `Date` line of this second.
    func writeDate(into buffer: inout ByteBuffer) { date.write(into: &buffer) }

    // MARK: - Connections

    func register(_ connection: any LoopConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if isDraining { connection.drain() }
    }

    func unregister(_ connection: any LoopConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        finishIfEmpty()
    }

    /// Lets exchanges end, and closes connections that stay idle; those that still come, too.
    func beginDraining() {
        guard !isDraining else { return }
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Begins to drain, if that has not happened; the future succeeds when no connection is left.
    func drain() -> EventLoopFuture<Void> {
        beginDraining()
        let promise = loop.makePromise(of: Void.self)
        whenEmpty.append(promise)
        finishIfEmpty()
        return promise.futureResult
    }

    /// Closes everything that is left.
    func closeAll() {
        isDraining = true
        for connection in Array(connections.values) {
            counters.hit(.drainTime)
            connection.closeNow()
        }
        pool.shut()
    }

    var heldBytes: Int { connections.values.reduce(0) { $0 + $1.heldBytes } }

    private func finishIfEmpty() {
        guard isDraining, connections.isEmpty else { return }
        pool.shut()
        let promises = whenEmpty
        whenEmpty = []
        for promise in promises { promise.succeed(()) }
    }
}
