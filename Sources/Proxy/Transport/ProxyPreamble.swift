import HTTPWire
import NIOCore

/// The beginning of a connection to a listener for the PROXY protocol: reads the header in which a proxy says who the
/// client is, and lets the rest begin then, be it TLS or a request.
final class ProxyPreamble: ChannelInboundHandler, RemovableChannelHandler, LoopConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let state: LoopState
    private let peer: ClientOrigin
    private let begin: (ClientOrigin) throws -> Void
    private let refused: (ConnectionRefusal) -> Void
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var timeout: Scheduled<Void>?
    private var isOver = false

    /// - Parameters:
    ///   - begin: puts the next handler at the end of the pipeline, given who the client is.
    ///   - refused: told why nothing came of it.
    init(
        state: LoopState, peer: ClientOrigin, begin: @escaping (ClientOrigin) throws -> Void,
        refused: @escaping (ConnectionRefusal) -> Void
    ) {
        self.state = state
        self.peer = peer
        self.begin = begin
        self.refused = refused
    }

    // MARK: - From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timeout = state.loop.assumeIsolated().scheduleTask(in: state.settings.headTimeout) { [weak self] in
            self?.fail(.proxyHeaderTimeout)
        }
        state.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        over()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        let result = received.withUnsafeReadableBytes { bytes in
            Result { () throws(ProxyHeaderError) in try ProxyHeader.read(bytes) }
        }
        switch result {
        case .success(nil): break
        case .success(.some(let header)): proceed(header, context)
        case .failure(let error): fail(.proxyHeader(error))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isOver, case ChannelEvent.inputClosed? = event as? ChannelEvent { fail(.proxyHeaderCutOff) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { fail(.proxyHeaderCutOff) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isOver { context.fireErrorCaught(error) } else { fail(.proxyHeaderCutOff) }
    }

    // MARK: - The end of the header

    private func proceed(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        received.moveReaderIndex(forwardBy: header.length)
        let rest = received
        received = ByteBuffer()
        do {
            try begin(ClientOrigin(peer, saying: header.source))
        } catch {
            // Refused, and told so.
            over()
            return context.close(promise: nil)
        }
        over()
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func fail(_ refusal: ConnectionRefusal) {
        guard !isOver else { return }
        // Somebody who only looks whether the port is open has done nothing wrong.
        if refusal != .proxyHeaderCutOff || received.readableBytes > 0 {
            state.counters.addRefusal(refusal)
            refused(refusal)
        }
        over()
        context?.close(promise: nil)
    }

    private func over() {
        isOver = true
        received = ByteBuffer()
        timeout?.cancel()
        timeout = nil
        state.unregister(self)
    }

    // MARK: - From the server

    /// The header is the first thing that comes: a proxy that has connected is about to send it, and a request with it.
    func drain() {
        timeout?.cancel()
        timeout = state.loop.assumeIsolated().scheduleTask(in: state.settings.drainGrace) { [weak self] in
            self?.closeNow()
        }
    }

    func closeNow() {
        over()
        context?.close(promise: nil)
    }

    var heldBytes: Int { received.readableBytes }
}
