import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A value behind a lock.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    func withLockedValue<T: Sendable>(_ body: (inout Value) throws -> T) rethrows -> T {
        try mutex.withLock { try body(&$0) }
    }
}

/// One end of a TCP connection in a test: raw bytes out, raw bytes in.
final class RawConnection: Sendable {
    struct Closed: Error, CustomStringConvertible {
        let received: String
        var description: String { "closed after: \(received)" }
    }

    private struct State {
        var received: [UInt8] = []
        var ended = false
        var failed = false
        var waiter: (enough: @Sendable ([UInt8], Bool) -> Bool, promise: EventLoopPromise<Void>)?
        var total = 0
        var discards = false
    }
    private let state = Locked(State())
    let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    static func attach(to channel: any Channel) throws -> RawConnection {
        let connection = RawConnection(channel)
        try channel.pipeline.syncOperations.addHandler(Collector(connection))
        return connection
    }

    static func connect(to address: SocketAddress, receiveBuffer: Int32? = nil) async throws -> RawConnection {
        let box = Locked<RawConnection?>(nil)
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = try attach(to: channel)
                    box.withLockedValue { $0 = connection }
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel = try await bootstrap.connect(to: address).get()
        return box.withLockedValue { $0 } ?? RawConnection(channel)
    }

    // MARK: - Out

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

    func close() async throws { try? await channel.close().get() }

    func closeOutput() async throws { try await channel.close(mode: .output).get() }

    func reset() async throws {
        try? await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try? await channel.close().get()
    }

    func setReading(_ on: Bool) async throws { try await channel.setOption(.autoRead, value: on).get() }

    /// From now on only counts what arrives.
    func discard() { state.withLockedValue { $0.discards = true } }

    var total: Int { state.withLockedValue { $0.total } }

    /// Whether the connection ended with an error, a reset by the other side for instance.
    var hasFailed: Bool { state.withLockedValue { $0.failed } }

    // MARK: - In

    /// Waits until exactly so many bytes have arrived (or more), and takes that many.
    func read(_ count: Int) async throws -> String {
        try await wait { bytes, _ in bytes.count >= count }
        return try take { bytes in bytes.count >= count ? count : nil }
    }

    /// Waits for `end`, and takes everything up to and including it.
    func read(through end: String) async throws -> String {
        let pattern = Array(end.utf8)
        try await wait { bytes, _ in Self.index(of: pattern, in: bytes) != nil }
        return try take { bytes in Self.index(of: pattern, in: bytes).map { $0 + pattern.count } }
    }

    func readHead() async throws -> String { try await read(through: "\r\n\r\n") }

    /// Waits until the other side has closed, and takes everything.
    func readToEnd() async throws -> String {
        try await wait { _, ended in ended }
        return try take { $0.count }
    }

    /// Waits for so many bytes since the beginning, discarded ones included.
    func waitForTotal(_ count: Int) async throws {
        try await wait { [state] _, _ in state.withLockedValue { $0.total } >= count }
    }

    var available: String { state.withLockedValue { String(decoding: $0.received, as: UTF8.self) } }

    private func wait(_ enough: @escaping @Sendable ([UInt8], Bool) -> Bool) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let future = promise.futureResult
        channel.eventLoop.execute { [self] in
            let ready = state.withLockedValue { ($0.received, $0.ended) }
            if enough(ready.0, ready.1) || ready.1 {
                promise.succeed(())
            } else {
                state.withLockedValue { $0.waiter = (enough, promise) }
            }
        }
        try await future.get()
    }

    private func take(_ count: ([UInt8]) -> Int?) throws -> String {
        try state.withLockedValue { state in
            guard let count = count(state.received) else {
                throw Closed(received: String(decoding: state.received, as: UTF8.self))
            }
            let text = String(decoding: state.received[..<count], as: UTF8.self)
            state.received.removeFirst(count)
            return text
        }
    }

    private static func index(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        for start in 0...(bytes.count - pattern.count) where bytes[start...].starts(with: pattern) { return start }
        return nil
    }

    fileprivate func fail() { state.withLockedValue { $0.failed = true } }

    fileprivate func arrived(_ bytes: ByteBuffer?) {
        let (received, ended, waiter) = state.withLockedValue { state in
            if let bytes {
                state.total += bytes.readableBytes
                if !state.discards { state.received += Array(bytes.readableBytesView) }
            } else {
                state.ended = true
            }
            return (state.received, state.ended, state.waiter)
        }
        if let waiter, ended || waiter.enough(received, ended) {
            state.withLockedValue { $0.waiter = nil }
            waiter.promise.succeed(())
        }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let connection: RawConnection

    init(_ connection: RawConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection.arrived(unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { connection.arrived(nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { connection.arrived(nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.fail()
        context.close(promise: nil)
    }
}

/// A listening socket whose connections are answered by hand.
final class RawServer: Sendable {
    let address: SocketAddress
    private let channel: any Channel
    private let accepted: AsyncStream<RawConnection>
    private let count: Locked<Int>

    static func start() async throws -> RawServer {
        let (stream, continuation) = AsyncStream.makeStream(of: RawConnection.self)
        let count = Locked(0)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = try RawConnection.attach(to: channel)
                    count.withLockedValue { $0 += 1 }
                    continuation.yield(connection)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        return RawServer(channel, address, stream, count)
    }

    private init(
        _ channel: any Channel, _ address: SocketAddress, _ accepted: AsyncStream<RawConnection>,
        _ count: Locked<Int>
    ) {
        self.channel = channel
        self.address = address
        self.accepted = accepted
        self.count = count
    }

    /// How many connections have been accepted.
    var connections: Int { count.withLockedValue { $0 } }

    /// The next connection.
    func accept() async throws -> RawConnection {
        for await connection in accepted { return connection }
        throw CancellationError()
    }

    func close() async throws { try await channel.close().get() }
}
