import HTMLInjection
import HTTPWire
import NIOCore

/// What is remembered of a client's exchanges, one after another, whichever version of HTTP they come in.
///
/// What is done with it is in ``ClientConnection``.
class ClientExchanges {
    /// How the response's end is shown to the client; `untilEnd` is the end of the connection, or of the HTTP/2 stream.
    enum OutputFraming {
        case none, asStated, chunked, untilEnd
    }

    /// What is being waited for.
    enum Waiting {
        case nothing, request, head, requestBody, queue, response, responseBody, client, tunnel, goodbye, close

        /// Whether every byte moves the deadline; the others run from their beginning.
        var restarts: Bool {
            switch self {
            case .requestBody, .responseBody, .tunnel: true
            default: false
            }
        }
    }

    final let state: LoopState
    final let exchange: Exchange
    final let timer: DeadlineTimer
    final let phases: any Phases
    final var machine: ExchangeMachine
    final fileprivate var isSettling = false
    final fileprivate var mustSettleAgain = false

    // The request.
    /// What has arrived and not been taken.
    final var inbound = ByteBuffer()
    final var collected = ByteBuffer()
    final var collectLimit = 0
    final var collectThen: ((ByteBuffer) -> EventLoopFuture<LocalResponse>)?

    // The upstream.
    final var upstream: UpstreamConnection?
    final var bucket: UpstreamBucket?
    /// Counts requests for a connection, so that a late answer to one that was given up is recognised.
    final var acquisition: UInt64 = 0
    final var isQueued = false

    // The response.
    final var responseFraming = BodyFraming.none
    final var outputFraming = OutputFraming.none
    final var transform: (any BodyTransform)?
    final var transformed: [ByteBuffer] = []
    final var isHeadHeld = false
    final var declaredLength: Int?
    final var localResponse: LocalResponse?
    /// What went wrong with the exchange; a limit that was run into is counted here, whoever noticed it.
    final var failure: TransportFailure? {
        didSet { if let limit = failure?.limit { state.counters.hit(limit) } }
    }
    /// Counts exchanges, so that a late verdict for one that is over is recognised.
    final var exchangeNumber: UInt64 = 0

    // For the outcome.
    final var status = 0
    final var bytesIn = 0
    final var bytesOut = 0
    final var sentResponseEnd = false

    // The end.
    final var closePlan: Actions = []
    final var hasSentAll = false
    final var clientOutputClosed = false
    final var upstreamOutputClosed = false
    /// What passes through the tunnel, if it is a WebSocket's.
    final var webSocket: WebSocketRelay?
    /// Whether the tunnel is closed from here and only waits for the other side's close frame.
    final var isEndingTunnel = false
    final var waiting = Waiting.nothing
    final var hasProgressed = false
    final var upload: MinimumPace
    final var download: MinimumPace
    /// What the two were last told about, and of which exchange.
    final var uploaded = 0
    final var taken = 0
    final var pacedExchange: UInt64 = 0

    init(state: LoopState, exchange: Exchange, phases: any Phases) {
        self.state = state
        self.exchange = exchange
        self.phases = phases
        self.timer = DeadlineTimer(state.timers)
        self.upload = MinimumPace(rate: state.settings.requestRate, window: state.settings.requestBodyTimeout)
        self.download = MinimumPace(rate: state.settings.responseRate, window: state.settings.sendTimeout)
        self.machine = ExchangeMachine(drainLimit: state.settings.drainBytes)
    }

    // The loop's queue holds on to a timer that is in it. That of a connection that is gone is not: where the last reference
    // goes on another thread, nothing is touched here.
    deinit { timer.cancel() }
}

/// A client's exchanges: lets ``ExchangeMachine`` decide, asks phases, uses upstreams, and moves bytes.
///
/// What all versions of HTTP have in common is in the extensions; what a message looks like on the way from and to the
/// client is what the two that conform have to say: ``HTTP1Connection`` and ``HTTP2Stream``.
///
/// Confined to the event loop of its channel; the upstream connections it uses are on the same loop and are called
/// directly. Every entry (a read, a verdict, an upstream's bytes) ends in ``settle()``, which parses what can be parsed,
/// flushes both sides once, and decides about reading and the timer.
protocol ClientConnection: ClientExchanges {
    /// Whether the client takes more at the moment.
    var isWritable: Bool { get }
    /// Bytes written and not yet sent.
    var bufferedBytes: Int { get }
    /// How much the client has taken of all that it was sent since it came, as far as that can be known.
    var takenBytes: Int { get }
    /// How a response is framed whose length is not known when its head is written.
    func streamedFraming() -> OutputFraming

    /// Takes a request's head out of what has arrived, and calls ``accept(keepAlive:)``. Returns false if nothing can be done
    /// at the moment.
    func readHead() -> Bool
    /// The request's body is about to come.
    func beginBody(_ framing: BodyFraming)
    /// Takes the next piece of a body out of what has arrived. Returns false if nothing can be done at the moment.
    func readBody() -> Bool
    /// So many bytes that came before the tunnel was open have been taken.
    func tookEarly(_ count: Int)
    /// An exchange is over, and the next one may begin.
    func nextRequest()
    /// Reads again, or says that more may be sent, if that was held back and need not be any more.
    func resumeReading()

    /// What is wrong with the upstream's response as an answer to this client's request; nil for nothing.
    func objection() -> String?
    /// What is being waited for.
    var currentlyWaiting: Waiting { get }

    /// Writes `100 Continue` on behalf of nobody but this proxy.
    func writeContinue()
    /// Writes the upstream's interim response.
    func writeInterim()
    /// Writes the response's head, with `length` in place of the upstream's `Content-Length` if there is one.
    func writeHead(length: Int?)
    /// Writes the head of an answer that is made here; no length, no body.
    func writeLocalHead(_ response: LocalResponse, status: Int, length: Int?)
    /// Writes a piece of a body or of a tunnel; not empty.
    func write(_ piece: ByteBuffer)
    /// Writes the end of the body.
    func writeEnd(trailers: ByteBuffer)
    /// Writes the head that turns the exchange into a tunnel.
    func writeTunnelHead()
    /// Stops sending once everything written has been sent, and then calls `done`.
    func endOutput(then done: @escaping () -> Void)
    /// Sends what has been written.
    func flush()

    /// Begins what ``closePlan`` says.
    func beginClosing()
    /// Closes; there is nothing that could be missing.
    func close()
    /// Closes so that the client cannot take what it got for complete.
    func abort()
    /// Closes whatever is going on.
    func closeNow()
    /// What still waits to be sent need not be when the connection closes.
    func dropOnClose()
}

extension ClientConnection {
    func tookEarly(_ count: Int) {}

    func objection() -> String? { nil }

    var currentlyWaiting: Waiting { exchangeWaits }

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
            flush()
            upstream?.flush(state)
            if !closePlan.isEmpty { beginClosing() }
        } while mustSettleAgain
        isSettling = false
        resumeReading()
        upstream?.resumeReading()
        armTimer()
    }

    /// Carries out what the machine asks for.
    func perform(_ actions: Actions) {
        guard !actions.isEmpty else { return }
        let cutsOff = actions.contains(.abort) || actions.contains(.closeNow) && isAnswering
        if actions.contains(.closeUpstream) { giveUpUpstream() }
        if actions.contains(.releaseUpstream) { releaseUpstream() }
        if actions.contains(.decide) { decide() }
        if actions.contains(.acquire) { acquire(fresh: false) }
        if actions.contains(.acquireFresh) {
            // What has gone wrong is made good.
            failure = nil
            state.counters.add(.retries)
            acquire(fresh: true)
        }
        if actions.contains(.sendRequest) { sendRequest() }
        if actions.contains(.endUpstream) { endUpstream() }
        if actions.contains(.sendContinue) { writeContinue() }
        if actions.contains(.collected) { answerCollected() }
        if actions.contains(.sendInterim) { writeInterim() }
        if actions.contains(.judge) { judge() }
        if actions.contains(.sendLocal) { sendLocal() }
        if actions.contains(.sendFailure) { sendFailure() }
        if actions.contains(.finish) { finish() }
        if actions.contains(.openTunnel) { openTunnel() }
        if actions.contains(.next) { nextRequest() }
        if !actions.isDisjoint(with: [.close, .linger]) { closePlan = actions.intersection([.close, .linger]) }
        if cutsOff {
            abort()
        } else if actions.contains(.closeNow) {
            close()
        }
    }

    private func endUpstream() {
        // Behind more requests it is not yet time.
        guard let upstream, inbound.readableBytes == 0 else { return }
        machine.upstreamHasBeenEnded()
        upstream.closeOutput(state) {}
    }

    /// Whether a response has been begun and not ended.
    var isAnswering: Bool { status != 0 && !sentResponseEnd }

    /// Whether what the client sends has a place to go to.
    var mayRead: Bool {
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

    /// What waits in both directions, here and in the upstream connection.
    var heldBytes: Int { inbound.readableBytes + bufferedBytes + (upstream?.heldBytes ?? 0) }
}
