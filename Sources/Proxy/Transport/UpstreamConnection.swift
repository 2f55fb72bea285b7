import HTTPWire
import NIOCore
import NIOSSL
import TLS

/// A connection to an upstream: reads responses and hands them to the client connection that it serves at the moment.
///
/// Confined to the event loop of its channel, which is also that of the client connection. A connection that shows
/// anything unexpected (a byte while idle, bytes after a response, a response that came before its request was
/// complete) is never used again.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case idle
        /// A request is on its way.
        case head
        /// The head has been handed over; its verdict is awaited.
        case judging
        case body
        case tunnel
        case closed
    }

    static let receiveAllocator = ReceiveAllocator(first: 4096, minimum: 4096, maximum: 256 * 1024)
    /// Reads of this size have made the receive buffer large.
    private static let largeRead = 64 * 1024

    let bucket: UpstreamBucket
    /// Where it leads.
    let endpoint: UpstreamEndpoint
    /// When it is too old to be used again.
    private let endOfLife: NIODeadline
    var idleSince: NIODeadline
    private let settings: TransportSettings
    private var context: ChannelHandlerContext?
    private var client: (any ClientConnection)?
    private var state = State.idle
    private var inbound = ByteBuffer()
    private var parser: ResponseHeadParser
    private var reader = BodyReader(.none, sender: .upstream)
    private var keepAlive = true
    private var hasLargeBuffer = false
    private var inputClosed = false
    /// Whether it has been told that nothing more will be sent.
    private var hasEndedOutput = false
    private var isGone = false
    /// Whether the connection ended in an error, a reset most often.
    private var hasFailed = false
    /// What TLS says of that error: a server of TLS 1.3 refuses a client's certificate only after the handshake.
    private var refusal: UpstreamTLSFailure?
    /// Whether the bucket counts this connection as open.
    var isCounted = true
    private var heldRead = false
    private let outgoing = Outgoing()
    private(set) var isWritable = true
    /// Whether it has served a request before the one that it serves now.
    private var isReused = false

    init(
        bucket: UpstreamBucket, endpoint: UpstreamEndpoint, settings: TransportSettings, createdAt: NIODeadline,
        lifetime: TimeAmount
    ) {
        self.bucket = bucket
        self.endpoint = endpoint
        self.settings = settings
        self.endOfLife = createdAt + lifetime
        self.idleSince = createdAt
        self.parser = ResponseHeadParser(limits: settings.responseLimits)
    }

    /// Whether the channel is open in both directions.
    var isOpen: Bool { context != nil && state != .closed && !inputClosed && !isGone }

    /// Whether it may carry one more request.
    func isUsable(at now: NIODeadline, _ limits: PoolSettings) -> Bool {
        isOpen && state == .idle && now < endOfLife && now - idleSince < limits.idleTimeout
    }

    // MARK: - From the client connection

    /// Takes up work for `client`.
    func serve(_ client: any ClientConnection) {
        self.client = client
        state = .head
    }

    /// Ends the work for the client after a complete exchange, and goes back to the pool.
    func release() {
        client = nil
        state = .idle
        isReused = true
        if hasLargeBuffer {
            // The next response's buffer is to be a small one again.
            hasLargeBuffer = false
            _ = context?.channel.setOption(.recvAllocator, value: Self.receiveAllocator.again)
        }
        resumeReading()
        idleSince = context?.eventLoop.now ?? idleSince
        bucket.pool.release(self)
    }

    /// Closes the connection; nobody is told.
    func close() {
        let wasIdle = state == .idle
        client = nil
        state = .closed
        outgoing.discard()
        if wasIdle { context?.close(promise: nil) } else { breakOff() }
    }

    /// Closes the connection in the middle of something: TLS's close_notify would say that nothing is missing, and NIOSSL
    /// would wait for the answer to it.
    func breakOff() {
        guard let context else { return }
        let isSecure = endpoint.address.isSecure
        let tls = isSecure ? try? context.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) : nil
        (tls ?? context).close(promise: nil)
    }

    /// The client connection has waited long enough for a response.
    func timedOut() { if state == .head { bucket.pool.broke(self) } }

    /// Appends small things to what is sent next.
    func append(_ loopState: LoopState, _ body: (inout ByteBuffer) -> Void) { outgoing.append(loopState, body) }

    /// Appends a piece of a body to what is sent next.
    func append(_ piece: ByteBuffer, _ loopState: LoopState) {
        guard let context else { return }
        outgoing.append(piece, loopState, context)
    }

    /// Sends what has been appended.
    func flush(_ loopState: LoopState) {
        guard outgoing.needsFlush, let context else { return }
        outgoing.flush(loopState, context)
    }

    /// Shuts down sending, once everything has been sent, and says so.
    func closeOutput(_ loopState: LoopState, then done: @escaping () -> Void) {
        guard let context else { return }
        hasEndedOutput = true
        flush(loopState)
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            // Of an output that has been closed already there is nothing more to say.
            self.context?.close(mode: .output, promise: nil)
            done()
        }
    }

    /// Goes on with the response after its head has been judged.
    func proceed(asTunnel: Bool) {
        guard state == .judging else { return }
        state = asTunnel ? .tunnel : .body
    }

    /// Takes what arrived after a 101's head.
    func takeLeftover() -> ByteBuffer? {
        let rest = inbound
        inbound = ByteBuffer()
        return rest.readableBytes > 0 ? rest : nil
    }

    /// Whether the upstream has closed its sending side.
    var hasEnded: Bool { inputClosed || isGone }

    /// What has arrived and not been taken, and what has been written and not been sent.
    var heldBytes: Int { inbound.readableBytes + (context?.channel.bufferedWritableBytes ?? 0) }

    /// Reads again if reading was held back and need not be any more.
    func resumeReading() {
        guard heldRead, mayRead, let context else { return }
        heldRead = false
        context.read()
    }

    private var mayRead: Bool {
        guard let client else { return true }
        return state != .judging && client.isWritable
    }

    // MARK: - From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { heldRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if buffer.readableBytes >= Self.largeRead { hasLargeBuffer = true }
        switch state {
        case .idle: close()
        case .closed: break
        case .tunnel:
            client?.tunnelFromUpstream(buffer)
            client?.settle()
        case .head, .judging, .body:
            if inbound.readableBytes == 0 { inbound = buffer } else { inbound.writeBuffer(&buffer) }
            // At the end of the response this connection may already serve another client.
            let client = client
            process()
            client?.settle()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { client?.upstreamWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            ended()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    /// The channel is closed. NIO says so with `channelInactive`, but not if the channel is closed while its connecting
    /// is being announced; removing the handler always happens.
    private func gone() {
        guard !isGone else { return }
        isGone = true
        // An orderly end is announced by the end of its input; whatever else ends a connection is an error of it.
        if !inputClosed { hasFailed = true }
        ended()
        bucket.pool.closed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        if error is BoringSSLError {
            refusal = UpstreamTLSFailure(error, certificate: nil, lookingFor: "\(endpoint.address)", now: 0)
        }
        breakOff()
    }

    // MARK: - Responses

    /// Goes on with what has arrived, as far as it goes.
    func process() {
        while let client {
            switch state {
            case .head:
                guard inbound.readableBytes > 0 else { return endIfClosed(client) }
                guard readHead(client) else { return }
            case .body:
                guard readBody(client) else { return }
            case .judging, .idle, .tunnel, .closed: return
            }
        }
    }

    /// Returns false when there is nothing more to do at the moment.
    private func readHead(_ client: any ClientConnection) -> Bool {
        client.responseByteArrived()
        let exchange = client.exchange
        do {
            guard try parser.parse(&inbound, into: exchange.responseHead) else {
                endIfClosed(client)
                return false
            }
        } catch {
            bucket.pool.broke(self)
            client.upstreamInvalid("\(error.kind)", limit: error.limit)
            return false
        }
        bucket.pool.answered(self)
        let status = exchange.responseHead.status
        exchange.responseHead.removeHopByHop()
        if status < 200 && status != 101 {
            client.interimResponse(status)
            return true
        }
        if status == 101 && !(exchange.requestHead.upgrade && exchange.responseHead.upgrade) {
            client.upstreamInvalid("101 Switching Protocols that nobody asked for")
            return false
        }
        let framing = exchange.responseHead.bodyFraming(for: exchange.requestHead.knownMethod)
        reader = BodyReader(framing, sender: .upstream, limits: settings.responseLimits)
        keepAlive = exchange.responseHead.keepAlive && framing != .untilClose && status != 101
        state = .judging
        client.responseHead(framing: framing, closes: !keepAlive)
        return true
    }

    private func readBody(_ client: any ClientConnection) -> Bool {
        do {
            switch try reader.next(&inbound) {
            case .data(let piece):
                client.responseData(piece)
                return true
            case .end(let trailers):
                finish(client, trailers)
                return false
            case .needMore:
                guard inputClosed else { return false }
                // A body may end with its connection, but not with an error of it (RFC 9112 §8).
                guard !hasFailed else {
                    client.upstreamLost()
                    return false
                }
                try reader.finishAtEOF()
                finish(client, ByteBuffer())
                return false
            }
        } catch {
            if error.kind == .incompleteMessage {
                client.upstreamLost()
            } else {
                client.upstreamInvalid("\(error.kind)")
            }
            return false
        }
    }

    private func finish(_ client: any ClientConnection, _ trailers: ByteBuffer) {
        let reusable = keepAlive && inbound.readableBytes == 0 && isOpen
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        client.responseEnd(trailers: trailers, reusable: reusable)
    }

    private func endIfClosed(_ client: any ClientConnection) {
        guard inputClosed else { return }
        // That a connection ends while it is idle says nothing, even if a request is on its way by then.
        // Nor does it if it was told that the client has gone.
        if !hasEndedOutput, !isReused || inbound.readableBytes > 0 { bucket.pool.broke(self) }
        client.upstreamLost(refusal)
    }

    private func ended() {
        let client = client
        guard !inputClosed else {
            if state == .tunnel { client?.tunnelUpstreamGone() }
            client?.settle()
            return
        }
        inputClosed = true
        switch state {
        case .idle: if !isGone { close() }
        case .tunnel: if isGone { client?.tunnelUpstreamGone() } else { client?.tunnelUpstreamEnded() }
        case .head, .body, .judging: process()
        case .closed: break
        }
        client?.settle()
    }
}
