import NIOCore
import NIOSSL
import NIOTLS
import TLS

/// The beginning of a connection to a TLS listener: chooses the certificate, lets NIOSSL shake hands, and puts the
/// ``ClientHandlers`` into its place when that is done.
///
/// First in the pipeline until then, so that the hello passes through it and its own few words go out unencrypted.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler, LoopConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        /// The hello is arriving.
        case hello
        /// NIOSSL is at work.
        case handshake
        /// Refused; waiting for the client to have read why.
        case refused
        /// The connection belongs to somebody else, or is gone.
        case over
    }

    private let state: LoopState
    private let listener: TLSListener
    private let origin: ClientOrigin
    private let handlers: ClientHandlers
    private var context: ChannelHandlerContext?
    private var stage = Stage.hello
    private var hello = ByteBuffer()
    private var serverName: String?
    private var timeout: Scheduled<Void>?

    /// - Parameter handlers: makes what takes over when the handshake is done.
    init(state: LoopState, listener: TLSListener, origin: ClientOrigin, handlers: ClientHandlers) {
        self.state = state
        self.listener = listener
        self.origin = origin
        self.handlers = handlers
    }

    // MARK: - From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        close(after: state.settings.headTimeout, saying: .timeout)
        state.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        over()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch stage {
        case .hello:
            var bytes = unwrapInboundIn(data)
            hello.writeBuffer(&bytes)
            readHello(context)
        case .handshake: context.fireChannelRead(data)
        case .refused, .over: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if stage != .handshake, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            failed(.closed)
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failed(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failed(.closed)
        context.close(promise: nil)
    }

    // MARK: - The hello

    private func readHello(_ context: ChannelHandlerContext) {
        switch hello.withUnsafeReadableBytes({ ClientHello(reading: $0) }) {
        case .incomplete: break
        case .cleartext: refuse(.cleartext, Self.answerInCleartext)
        case .malformed: refuse(.malformed, Self.alert(.decodeError))
        case .noName: refuse(.noServerName, Self.alert(.missingExtension))
        case .name(let name):
            guard let certificate = listener.certificates.current.certificate(for: name) else {
                return refuse(.unknownServerName(name), Self.alert(.unrecognizedName))
            }
            begin(certificate, for: name, context)
        }
    }

    private func begin(_ certificate: Certificate, for name: String, _ context: ChannelHandlerContext) {
        stage = .handshake
        serverName = name
        let tls = NIOSSLServerHandler(context: certificate.context)
        let end = TLSHandshakeEnd(of: self)
        do {
            try context.pipeline.syncOperations.addHandlers([tls, end], position: .after(self))
        } catch {
            // The channel is being closed.
            return context.close(promise: nil)
        }
        let bytes = hello
        hello = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
    }

    /// Says why not, and closes when the client has had the time to read it.
    private func refuse(_ reason: TLSFailure, _ words: ByteBuffer) {
        guard let context else { return }
        failed(reason)
        stage = .refused
        hello = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(words), promise: nil)
        context.close(mode: .output, promise: nil)
        close(after: state.settings.lingerTimeout, saying: .closed)
    }

    // MARK: - The end of the handshake

    /// Called by ``TLSHandshakeEnd`` before any decrypted byte comes.
    func completed(_ end: TLSHandshakeEnd, protocol name: String?) {
        guard stage == .handshake, let context, let serverName else { return }
        do {
            let pipeline = context.pipeline.syncOperations
            let tls = try pipeline.context(handlerType: NIOSSLServerHandler.self)
            let client = TLSClient(serverName: serverName, context: tls)
            state.counters.add(.handshakes)
            try pipeline.addHandlers(
                handlers.afterHandshake(on: context.channel, origin, client, protocol: name), position: .after(end))
            over()
            pipeline.removeHandler(end, promise: nil)
            pipeline.removeHandler(self, promise: nil)
        } catch {
            // The channel is being closed.
            context.close(promise: nil)
        }
    }

    /// Notes why nothing came of it, once; whoever calls sees to the closing.
    func failed(_ reason: TLSFailure) {
        guard stage == .hello || stage == .handshake else { return }
        if reason == .timeout { state.counters.hit(.handshakeTime) }
        listener.report(reason, origin.address)
        stage = .over
    }

    private func over() {
        stage = .over
        timeout?.cancel()
        timeout = nil
        state.unregister(self)
    }

    private func close(after time: TimeAmount, saying reason: TLSFailure) {
        timeout?.cancel()
        timeout = state.loop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            self?.failed(reason)
            self?.closeNow()
        }
    }

    // MARK: - From the server

    /// Whoever has connected is about to make a request.
    func drain() {
        if stage == .hello || stage == .handshake { close(after: state.settings.drainGrace, saying: .closed) }
    }

    func closeNow() {
        stage = .over
        context?.close(promise: nil)
    }

    var heldBytes: Int { hello.readableBytes }
}

/// Sits behind NIOSSL as long as the protocol is not agreed on, and tells ``TLSHandshake`` what came of it.
final class TLSHandshakeEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let handshake: TLSHandshake

    init(of handshake: TLSHandshake) { self.handshake = handshake }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent { handshake.completed(self, protocol: name) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIOSSL has sent its alert and closes by itself.
        handshake.failed(.handshake("\(error)"))
    }
}
