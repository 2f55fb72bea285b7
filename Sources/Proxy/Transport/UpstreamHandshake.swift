import NIOCore
import NIOSSL
import NIOTLS
import TLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Waits behind NIOSSL for the end of a handshake with an upstream, and says what came of it.
///
/// Whatever an upstream sends before is either part of the handshake or an error of it: nothing of that is ever taken for
/// a response.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let tls: UpstreamTLS
    private let host: String
    private let deadline: NIODeadline
    private let done: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?
    private var timeout: Scheduled<Void>?
    private var isOver = false

    /// - Parameters:
    ///   - host: the name or address to connect to, as the operator writes it.
    ///   - deadline: when both connecting and shaking hands must be over.
    ///   - done: fulfilled when bytes may be sent.
    init(_ tls: UpstreamTLS, host: String, deadline: NIODeadline, done: EventLoopPromise<Void>) {
        self.tls = tls
        self.host = host
        self.deadline = deadline
        self.done = done
    }

    /// Puts NIOSSL and this handler first into the pipeline of a channel that is not connected yet.
    func addHandlers(to channel: any Channel) throws {
        let client = try NIOSSLClientHandler(context: tls.context, serverHostname: tls.serverName(for: host))
        try channel.pipeline.syncOperations.addHandlers([client, self])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timeout = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self, !isOver else { return }
            failed(ChannelError.connectTimeout(.zero))
            self.context?.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        failed(ChannelError.ioOnClosedChannel)
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            over()
            done.succeed(())
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIOSSL closes by itself.
        failed(error is IOError ? error : explained(error, context))
        context.fireErrorCaught(error)
    }

    private func explained(_ error: any Error, _ context: ChannelHandlerContext) -> UpstreamTLSFailure {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        return UpstreamTLSFailure(
            error, certificate: handler?.peerCertificate, lookingFor: tls.serverName(for: host) ?? host,
            now: Int64(time(nil)))
    }

    /// Notes that nothing comes of it.
    func failed(_ error: any Error) {
        guard !isOver else { return }
        over()
        done.fail(error)
    }

    private func over() {
        isOver = true
        timeout?.cancel()
        timeout = nil
    }
}
