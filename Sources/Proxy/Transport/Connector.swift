import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Opens connections to upstreams; tests put their own in place of the network.
protocol Connector: Sendable {
    /// Connects and puts `handler` into the new channel's pipeline. Called on `loop`, and so is the answer.
    func connect(
        to upstream: Upstream, on loop: any EventLoop, settings: TransportSettings, handler: UpstreamConnection
    ) -> EventLoopFuture<Void>
}

/// Connects through the operating system.
struct SocketConnector: Connector {
    func connect(
        to upstream: Upstream, on loop: any EventLoop, settings: TransportSettings, handler: UpstreamConnection
    ) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(handler, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(upstream.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.recvAllocator, value: UpstreamConnection.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: settings.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let connected: EventLoopFuture<any Channel>
        switch upstream.address {
        case .unix(let path): connected = bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                connected = bootstrap.connect(to: address)
            } else {
                connected = bootstrap.connect(host: host, port: port)
            }
        }
        return connected.map { _ in }
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
        case let error as IOError where [EMFILE, ENFILE].contains(error.errnoCode): return .outOfDescriptors(upstream)
        case let error as IOError: return .connectFailed(upstream, words(forErrno: error.errnoCode))
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first else {
                return .connectFailed(upstream, "the host name was not found")
            }
            return connecting(to: upstream, failedWith: first.error)
        default: return .connectFailed(upstream, "no connection could be made")
        }
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
        case EADDRNOTAVAIL: "no local port is free"
        default: "error \(code) of the operating system"
        }
    }
}
