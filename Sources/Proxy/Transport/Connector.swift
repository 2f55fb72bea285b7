import NIOCore
import NIOPosix
import TLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Opens connections to upstreams; tests put their own in place of the network.
protocol Connector: Sendable {
    /// Connects to `endpoint`, one of those of `upstream`, shakes hands if it wants TLS, and puts `handler` into the new
    /// channel's pipeline. Called on `loop`, and so is the answer.
    func connect(
        to endpoint: UpstreamEndpoint, of upstream: Upstream, on loop: any EventLoop, settings: TransportSettings,
        handler: any ChannelHandler
    ) -> EventLoopFuture<Void>

    /// The addresses that a host name stands for at the moment. Called on `loop`, and so is the answer.
    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]>
}

/// Connects through the operating system.
struct SocketConnector: Connector {
    func connect(
        to endpoint: UpstreamEndpoint, of upstream: Upstream, on loop: any EventLoop, settings: TransportSettings,
        handler: any ChannelHandler
    ) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(handler, eventLoop: loop)
        var secured: EventLoopFuture<Void>?
        var handshake: NIOLoopBound<UpstreamHandshake>?
        if case .tls(let host, _) = endpoint.address {
            guard let tls = upstream.tls else { return loop.makeFailedFuture(ChannelError.operationUnsupported) }
            let done = loop.makePromise(of: Void.self)
            secured = done.futureResult
            handshake = NIOLoopBound(
                UpstreamHandshake(tls, host: host, deadline: loop.now + upstream.connectTimeout, done: done),
                eventLoop: loop)
        }
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(upstream.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.recvAllocator, value: UpstreamConnection.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: settings.waterMark)
            .channelInitializer { [handshake] channel in
                channel.eventLoop.makeCompletedFuture {
                    try handshake?.value.addHandlers(to: channel)
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let connected = bootstrap.connect(to: endpoint.socket).map { _ in }
        guard let secured, let handshake else { return connected }
        return connected.assumeIsolated().flatMapError { error in
            handshake.value.failed(error)
            return loop.makeFailedFuture(error)
        }.flatMap { secured }.nonisolated()
    }

    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        NameLookup.addresses(of: host, port: port, on: loop)
    }
}

extension TransportSettings {
    var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
        ChannelOptions.Types.WriteBufferWaterMark(
            low: max(1, min(lowWatermark, highWatermark)), high: max(1, highWatermark))
    }
}

extension TransportFailure {
    /// The failure for an error of a connection attempt.
    static func connecting(to upstream: Upstream, failedWith error: any Error) -> TransportFailure {
        switch error {
        case ChannelError.connectTimeout: return .connectTimeout(upstream)
        case let error as IOError where error.isOutOfDescriptors: return .outOfDescriptors(upstream)
        case let error as IOError: return .connectFailed(upstream, words(forErrno: error.errnoCode))
        case let error as UpstreamTLSFailure: return .handshakeFailed(upstream, error)
        case let error as NameLookup.Failure:
            return .connectFailed(upstream, "the host name was not found (\(error.reason))")
        default: return .connectFailed(upstream, "no connection could be made")
        }
    }

    /// Whether the reason that no connection could be made lies on this side, and says nothing about the other.
    static func isOurs(_ error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return error.isExhaustion || error.errnoCode == EADDRNOTAVAIL
    }

    /// What an error number means, in words for an operator.
    static func words(forErrno code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH: "no route to the host"
        case ENETUNREACH: "the network is unreachable"
        case ETIMEDOUT: "the host did not answer"
        case ECONNRESET: "connection reset"
        case ENOENT: "there is no such socket"
        case EACCES, EPERM: "permission denied"
        case ENOBUFS, ENOMEM: "the system is short of memory"
        case EADDRNOTAVAIL: "no local port is free"
        default: "error \(code) of the operating system"
        }
    }
}
