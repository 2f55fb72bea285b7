import HTMLInjection
import HTTPWire
import NIOCore

/// A client's connection: reads requests, lets ``ExchangeMachine`` decide, and moves the bytes.
///
/// Confined to the event loop of its channel; the upstream connections it uses are on the same loop and are called
/// directly. Every entry (a read, a verdict, an upstream's bytes) ends in ``settle()``, which parses what can be parsed,
/// flushes both sides once, and decides about reading and the timer.
final class ClientConnection: ChannelDuplexHandler, LoopConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How the response's end is shown to the client.
    enum OutputFraming {
        case none, asStated, chunked, untilClose
    }

    static let receiveAllocator = ReceiveAllocator(first: 512, minimum: 2048, maximum: 128 * 1024)
    private static let largeRead = 32 * 1024

    let state: LoopState
    let exchange: Exchange
    let timer: DeadlineTimer
    var phases: any Phases
    var context: ChannelHandlerContext?
    /// Where NIOSSL is in the pipeline; nil in cleartext.
    private(set) var tls: ChannelHandlerContext?
    var machine: ExchangeMachine
    let outgoing = Outgoing()
    private(set) var isWritable = true
    private var heldRead = false
    private var hasLargeBuffer = false
    private var isStarted = false
    private var isGone = false
    private var isSettling = false
    private var mustSettleAgain = false

    // The request.
    var inbound = ByteBuffer()
    var parser: RequestHeadParser
    var bodyReader = BodyReader(.none, sender: .client)
    var collected = ByteBuffer()
    var collectLimit = 0
    var collectThen: ((ByteBuffer) -> EventLoopFuture<LocalResponse>)?

    // The upstream.
    var upstream: UpstreamConnection?
    var bucket: UpstreamBucket?
    /// Counts requests for a connection, so that a late answer to one that was given up is recognised.
    var acquisition: UInt64 = 0
    var isQueued = false

    // The response.
    var responseFraming = BodyFraming.none
    var outputFraming = OutputFraming.none
    var transform: (any BodyTransform)?
    var transformed: [ByteBuffer] = []
    var isHeadHeld = false
    var declaredLength: Int?
    var localResponse: LocalResponse?
    /// What went wrong with the exchange; a limit that was run into is counted here, whoever noticed it.
    var failure: TransportFailure? {
        didSet { if let limit = failure?.limit { state.counters.hit(limit) } }
    }
    /// Counts exchanges, so that a late verdict for one that is over is recognised.
    var exchangeNumber: UInt64 = 0

    // For the outcome.
    var status = 0
    var bytesIn = 0
    var bytesOut = 0
    var sentResponseEnd = false

    // The end.
    var closePlan: Actions = []
    var hasSentAll = false
    var clientOutputClosed = false
    var upstreamOutputClosed = false
    /// What passes through the tunnel, if it is a WebSocket's.
    var webSocket: WebSocketRelay?
    /// Whether the tunnel is closed from here and only waits for the other side's close frame.
    var isEndingTunnel = false
    var waiting = Waiting.nothing
    var hasProgressed = false
    var upload: MinimumPace
    var download: MinimumPace
    /// What the two were last told about, and of which exchange.
    var uploaded = 0
    var taken = 0
    var pacedExchange: UInt64 = 0
    /// Whether it has let go of what it does not need while nothing moves.
    var isSlim = false

    /// - Parameter origin: who the client is, if that is not to be seen from the channel.
    init(
        state: LoopState, channel: any Channel, origin: ClientOrigin? = nil, phases: any Phases, tls: TLSClient? = nil
    ) {
        let origin = origin ?? ClientOrigin(of: channel)
        self.state = state
        self.phases = phases
        self.tls = tls?.context
        self.exchange = Exchange(
            eventLoop: state.loop, clientAddress: origin.address, isSecure: tls != nil, serverName: tls?.serverName)
        exchange.isClientKnown = origin.isClient
        exchange.tlsVersion = tls?.version
        self.timer = DeadlineTimer(loop: state.loop)
        self.upload = MinimumPace(rate: state.settings.requestRate, window: state.settings.requestBodyTimeout)
        self.download = MinimumPace(rate: state.settings.responseRate, window: state.settings.sendTimeout)
        self.machine = ExchangeMachine(drainLimit: state.settings.drainBytes)
        self.parser = RequestHeadParser(limits: state.settings.requestLimits)
        exchange.closeConnection = { [weak self] in self?.endStream() }
    }

    // MARK: - From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer.onFire { [unowned self] in deadlineReached() }
        // Before it is active, so that nobody takes it for absent: a connection that has been accepted counts.
        state.register(self)
        if context.channel.isActive { start(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
        tls = nil
    }

    func channelActive(context: ChannelHandlerContext) { start(context) }

    private func start(_ context: ChannelHandlerContext) {
        guard !isStarted else { return }
        isStarted = true
        if exchange.clientAddress == nil { exchange.clientAddress = context.channel.remoteAddress?.unmapped }
        exchange.localAddress = context.channel.localAddress
        state.counters.add(.activeConnections)
        settle()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { heldRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        guard machine.connection == .open else { return }
        if buffer.readableBytes >= Self.largeRead { hasLargeBuffer = true }
        if machine.response == .tunnel {
            tunnelFromClient(buffer)
        } else if inbound.readableBytes == 0 {
            inbound = buffer
        } else {
            inbound.writeBuffer(&buffer)
        }
        settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { settle() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        // NIOSSL tells of a missing close_notify first, upon which the connection has been closed.
        guard !isGone else { return }
        // Whatever is complete among the bytes that came before is still answered.
        settle()
        if !isWritable, machine.response == .none, inbound.readableBytes > 0 {
            machine.inputHasClosed()
        } else {
            perform(machine.handle(.inputClosed))
        }
        if machine.response == .tunnel { tunnelClientEnded() }
        if machine.connection == .closing && hasSentAll { closeNow() }
        settle()
    }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    private func gone() {
        timer.cancel()
        defer { state.unregister(self) }
        guard isStarted, !isGone else { return }
        isGone = true
        perform(machine.handle(.clientGone))
        outgoing.discard()
        state.counters.add(.activeConnections, -1)
    }

    /// The socket has failed, or NIOSSL: a record that cannot be decrypted, an end without `close_notify`.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { closeNow() }

    // MARK: - From the server

    /// Lets the exchange end and then closes. If there is none, a request may be on its way: it is still answered.
    func drain() {
        perform(machine.handle(.drain))
        if waiting == .request { waiting = .nothing }
        if machine.response == .tunnel { sayGoodbye(to: .client) }
        settle()
    }

    // MARK: - Doing

    /// Parses, flushes, and sees to reading and time limits. May be called at any time, from anywhere.
    func settle() {
        guard !isSettling else {
            mustSettleAgain = true
            return
        }
        isSettling = true
        repeat {
            mustSettleAgain = false
            process()
            if let context { outgoing.flush(state, context) }
            upstream?.flush(state)
            beginClosing()
        } while mustSettleAgain
        isSettling = false
        resumeReading()
        upstream?.resumeReading()
        armTimer()
    }

    /// Carries out what the machine asks for.
    func perform(_ actions: Actions) {
        guard !actions.isEmpty else { return }
        let cutsOff = actions.contains(.closeNow) && isAnswering
        if actions.contains(.closeUpstream) { giveUpUpstream() }
        if actions.contains(.releaseUpstream) { releaseUpstream() }
        if actions.contains(.decide) { decide() }
        if actions.contains(.acquire) { acquire(fresh: false) }
        if actions.contains(.acquireFresh) {
            state.counters.add(.retries)
            acquire(fresh: true)
        }
        if actions.contains(.sendRequest) { sendRequest() }
        if actions.contains(.sendContinue) { append { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") } }
        if actions.contains(.collected) { answerCollected() }
        if actions.contains(.sendInterim) { sendInterim() }
        if actions.contains(.judge) { judge() }
        if actions.contains(.sendLocal) { sendLocal() }
        if actions.contains(.sendFailure) { sendFailure() }
        if actions.contains(.finish) { finish() }
        if actions.contains(.openTunnel) { openTunnel() }
        if actions.contains(.next) { nextRequest() }
        if !actions.isDisjoint(with: [.close, .linger]) { closePlan = actions.intersection([.close, .linger]) }
        if cutsOff {
            if outputFraming == .untilClose { resetOnClose() }
            closeNow()
        } else if actions.contains(.closeNow) {
            context?.close(promise: nil)
        }
        if actions.contains(.abort) { abort() }
    }

    func append(_ body: (inout ByteBuffer) -> Void) { outgoing.append(state, body) }

    private func nextRequest() {
        if hasLargeBuffer {
            // Nobody knows how large the next request is: its buffer is to be a small one again.
            hasLargeBuffer = false
            _ = context?.channel.setOption(.recvAllocator, value: Self.receiveAllocator.again)
        }
        if inbound.readableBytes == 0 {
            // Nothing holds on to the received bytes, so that the channel can use its buffer again.
            inbound = ByteBuffer()
        }
        if machine.inputClosed && inbound.readableBytes == 0 { perform(machine.handle(.inputClosed)) }
    }

    // MARK: - Reading

    private var mayRead: Bool {
        guard machine.connection == .open else { return true }
        if machine.response == .tunnel { return upstream?.isWritable ?? true }
        switch machine.request {
        // Whoever does not take what has been answered is not asked what else there might be.
        case .idle, .head: return isWritable
        case .collecting, .draining: return true
        case .body: return upstream?.isWritable ?? true
        case .held, .complete: return inbound.readableBytes < state.settings.maxPipelinedBytes
        case .abandoned: return false
        }
    }

    private func resumeReading() {
        guard heldRead, mayRead, let context else { return }
        heldRead = false
        context.read()
    }
}
