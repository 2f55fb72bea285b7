import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// What connections to a listener begin with.
public struct ListenerMode: Sendable {
    /// What it takes to speak TLS; nil for cleartext.
    public var tls: TLSListener?
    /// Whether a header of the PROXY protocol comes first.
    public var hasProxyHeader: Bool

    /// Makes a mode: cleartext without a header unless something else is said.
    public init(tls: TLSListener? = nil, hasProxyHeader: Bool = false) {
        self.tls = tls
        self.hasProxyHeader = hasProxyHeader
    }
}

/// One address at which connections are accepted, from ``ProxyServer/listen(on:backlog:mode:)`` to
/// ``ProxyServer/stop(_:)``.
public final class Listener: Sendable {
    /// The socket.
    public let socket: ListeningSocket
    private let group: any EventLoopGroup
    private let channel: any Channel
    private let tally: AcceptGate.Tally
    private let currentMode: NIOLockedValueBox<ListenerMode>

    /// - Parameters:
    ///   - group: the loops that the connections are on.
    ///   - tally: counts the connections.
    init(
        _ socket: ListeningSocket, _ group: any EventLoopGroup, _ channel: any Channel, _ tally: AcceptGate.Tally,
        _ mode: NIOLockedValueBox<ListenerMode>
    ) {
        self.socket = socket
        self.group = group
        self.channel = channel
        self.tally = tally
        currentMode = mode
    }

    /// What the connections that are accepted from now on begin with.
    public var mode: ListenerMode {
        get { currentMode.withLockedValue { $0 } }
        set { currentMode.withLockedValue { $0 = newValue } }
    }

    /// Accepts what has already connected, and then nothing more. Connections that have been accepted go on.
    ///
    /// Closing a socket resets the connections that wait in its queue, so these are accepted first. A connection that
    /// somebody makes just then is still lost, unless the queue is not ours alone (an inherited socket), or another process
    /// has taken over the address: then nobody makes any, and `grace` is for those that were being made before.
    ///
    /// - Parameter grace: how long to wait for the last connections to an address that another process has taken over.
    func stop(after grace: TimeAmount) async throws {
        let loop = channel.eventLoop
        if socket.isInherited {
            do {
                try await channel.setOption(.autoRead, value: false).get()
            } catch ChannelError.ioOnClosedChannel {
                // Somebody was faster, and that is as good.
            }
        } else if socket.isShared, grace > .zero {
            try await loop.scheduleTask(in: grace) {}.futureResult.get()
        }
        try await loop.flatSubmit { [self] in closeWhenQuiet(by: .now() + .seconds(1)) }.get()
        socket.file?.remove()
    }

    /// Whether connections wait that would be lost. Asked on the listener's loop, so that the descriptor is the listener's as
    /// long as the channel is open.
    private var hasWaiting: Bool { !socket.isInherited && socket.hasWaiting }

    private func closeWhenQuiet(by deadline: NIODeadline) -> EventLoopFuture<Void> {
        let loop = channel.eventLoop
        guard channel.isActive else { return loop.makeSucceededVoidFuture() }
        if hasWaiting, .now() < deadline {
            return loop.flatScheduleTask(in: .milliseconds(1)) { [self] in closeWhenQuiet(by: deadline) }.futureResult
        }
        // What has been accepted is being set up on other loops, and NIO closes it if that ends after the listener did.
        let count = tally.count.load(ordering: .relaxed)
        let rounds = group.makeIterator().map { $0.submit {} }
        return EventLoopFuture.andAllSucceed(rounds, on: loop).flatMap { [self] in
            guard channel.isActive else { return loop.makeSucceededVoidFuture() }
            if hasWaiting || tally.count.load(ordering: .relaxed) != count, .now() < deadline {
                return closeWhenQuiet(by: deadline)
            }
            return channel.close()
        }
    }
}
