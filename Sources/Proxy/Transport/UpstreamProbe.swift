public import NIOCore
import NIOPosix
import TLS

/// Looks whether the addresses of upstreams can be reached, in the way that requests would be sent to them.
public struct UpstreamProbe: Sendable {
    private let group: any EventLoopGroup
    private let connector = SocketConnector()

    /// - Parameter group: where the connections are made.
    public init(group: any EventLoopGroup) { self.group = group }

    /// A list of domains may be long, and descriptors few.
    private static let mostAtOnce = 64

    /// What is wrong with the addresses that cannot be reached, by address.
    public func failures(of upstreams: [Upstream]) async -> [Upstream.Address: String] {
        var attempts: [Upstream.Key: (Upstream, Upstream.Address)] = [:]
        for upstream in upstreams {
            for address in upstream.addresses {
                let alone = Upstream(address, tls: upstream.tls, connectTimeout: upstream.connectTimeout)
                attempts[alone.key] = (alone, address)
            }
        }
        return await withTaskGroup(of: (Upstream.Address, String?).self) { tasks in
            var failures: [Upstream.Address: String] = [:]
            var running = 0
            for (upstream, address) in attempts.values {
                if running >= Self.mostAtOnce, let (address, reason) = await tasks.next() { failures[address] = reason }
                running += 1
                tasks.addTask { (address, await self.failure(of: upstream, at: address)) }
            }
            for await (address, reason) in tasks { failures[address] = reason }
            return failures
        }
    }

    /// Tries all that a name stands for until one works.
    private func failure(of upstream: Upstream, at address: Upstream.Address) async -> String? {
        let loop = group.next()
        var failure: TransportFailure?
        do {
            var sockets: [SocketAddress] = []
            if let literal = address.literal {
                sockets = [literal]
            } else {
                let host = address.host ?? ""
                sockets = try await loop.flatSubmit {
                    connector.addresses(of: host, port: address.port, on: loop)
                }.get()
            }
            for socket in sockets {
                do {
                    try await connect(to: UpstreamEndpoint(address: address, socket: socket), of: upstream, on: loop)
                    return nil
                } catch {
                    failure = .connecting(to: upstream, failedWith: error)
                }
            }
        } catch {
            failure = .connecting(to: upstream, failedWith: error)
        }
        return failure?.advice
    }

    private func connect(to endpoint: UpstreamEndpoint, of upstream: Upstream, on loop: any EventLoop) async throws {
        try await loop.flatSubmit {
            let handler = Closing()
            return connector.connect(
                to: endpoint, of: upstream, on: loop, settings: TransportSettings(), handler: handler
            ).assumeIsolated().map { handler.close() }.nonisolated()
        }.get()
    }

    /// Does nothing but hold the channel.
    private final class Closing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func close() { context?.close(promise: nil) }
    }
}
