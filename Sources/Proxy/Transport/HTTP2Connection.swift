import HTTPWire
import NIOCore
import NIOHPACK
import NIOHTTP2

/// A client's HTTP/2 connection (RFC 9113): gives each stream a place, and sees to what concerns all of them.
///
/// Frames, field compression, stream states and windows are swift-nio-http2's; an ``HTTP2Stream`` is what an
/// ``HTTP1Connection`` is elsewhere. A place is used again for later streams, as a connection is for later requests.
final class HTTP2Connection: ChannelInboundHandler, LoopConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How far the connection is from its end.
    enum Stage {
        case open
        /// Told that no more streams are wanted; those that come all the same, because they crossed the news, are served.
        case announced
        /// The last stream is settled; the connection is closed with it.
        case draining
        /// A `GOAWAY` with an error is out: nothing is read any more.
        case failed
        case gone
    }

    /// Places kept for later streams: as many as browsers have under way at once.
    private static let spareStreams = 32
    /// What may wait for the client before every stream is given but little.
    private static let crowd = 2 * 1024 * 1024

    let state: LoopState
    let settings: HTTP2Settings
    let contact: ClientContact
    /// One for all streams: what a client asks for is much alike, whichever stream it comes on.
    let phases: any Phases
    private(set) var context: ChannelHandlerContext?
    private(set) lazy var gate = HTTP2Gate(state: state, connection: self)
    private(set) var stage = Stage.open
    let timer: DeadlineTimer
    var streams = HTTP2StreamTable()
    private var spare: [HTTP2Stream] = []
    private var lastStream = HTTP2StreamID.rootStream
    /// Bytes of all streams, written and not yet sent.
    var unsent = 0
    var isCrowded: Bool { unsent > Self.crowd }
    var isReading = false
    var mustFlush = false
    /// Whether a flush will come at the end of this turn of the loop.
    var flushIsDue = false
    var streamErrors: EventBudget
    /// Frames that moved nothing, less those that did.
    var idleFrames: Int
    /// How much the client may still send before it needs a `WINDOW_UPDATE` for the connection, and how much it gets then.
    var window = 65_535
    private let fullWindow: Int
    /// Since when there is no stream, and since when a head is incomplete.
    var idleSince: NIODeadline
    /// Whether it has let go of what it does not need while there is none.
    var isSlim = false
    var headSince: NIODeadline
    var sawFrame = false
    private var hasHitLimit = false
    /// When it was told that no more streams are wanted.
    private(set) var announcedAt = NIODeadline.distantFuture

    init(
        state: LoopState, settings: HTTP2Settings, contact: ClientContact, phases: any Phases
    ) {
        self.state = state
        self.settings = settings
        self.contact = contact
        self.phases = phases
        timer = DeadlineTimer(state.timers)
        streamErrors = EventBudget(settings.maxStreamErrors, per: settings.window)
        idleFrames = -1000 * settings.maxIdleFrames
        // Less than there could be, since a frame is counted here before swift-nio-http2 has all of it.
        fullWindow = min(Int(Int32.max / 2), max(65_535, settings.maxStreams * settings.streamWindow))
        idleSince = state.loop.now
        headSince = state.loop.now
    }

    // MARK: - From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer.onFire { [unowned self] in deadlineReached() }
        state.counters.add(.activeConnections)
        state.counters.add(.http2Connections)
        state.register(self)
        armTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    private func gone() {
        timer.cancel()
        guard stage != .gone else { return }
        stage = .gone
        endStreams()
        retireSpare()
        state.counters.add(.activeConnections, -1)
        state.unregister(self)
    }

    private func endStreams() {
        let left = streams.values
        streams.removeAll()
        for stream in left { stream.ended() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard stage != .failed, stage != .gone else { return }
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let section): headers(section, on: frame.streamID)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            // Padding uses up the window as well (RFC 9113 §6.1).
            let padding = data.paddingBytes.map { $0 + 1 } ?? 0
            streams[frame.streamID]?.received(bytes, padding: padding, isLast: data.endStream)
        case .windowUpdate: streams[frame.streamID]?.windowGrew()
        case .ping(_, ack: true): if stage == .announced { announceEnd() }
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        grantConnectionWindow()
        flushIfNeeded()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Four come with each request; to ask what each of them is by a cast would cost as much as all else that is done here.
        let type = type(of: event)
        if type == NIOHTTP2WindowUpdatedEvent.self || type == NIOHTTP2StreamCreatedEvent.self { return }
        switch event {
        case let event as StreamClosedEvent:
            streams.remove(event.streamID)?.ended()
            if streams.isEmpty { becameIdle() }
        case ChannelEvent.inputClosed as ChannelEvent:
            // HTTP/2 knows no half-closed connections: nobody is left to answer.
            closeNow()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// Something is wrong with the client's frames. It has been answered already: the gate has seen how.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { count(error) }

    // MARK: - Streams

    private func headers(_ section: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        if let stream = streams[id] { return stream.receivedTrailers(section.headers, isLast: section.endStream) }
        lastStream = max(lastStream, id)
        guard stage == .open || stage == .announced else { return reset(id, .refusedStream) }
        let stream = spare.popLast() ?? HTTP2Stream(connection: self)
        streams.add(stream, id)
        state.counters.add(.http2Streams)
        if streams.count == 1 { armTimer() }
        stream.begin(id, section.headers, isLast: section.endStream)
    }

    /// Keeps the place of a stream that ended well for another. False if there are enough.
    func keep(_ stream: HTTP2Stream) -> Bool {
        guard spare.count < Self.spareStreams, stage == .open else { return false }
        spare.append(stream)
        return true
    }

    func retireSpare() {
        for stream in spare { stream.retire() }
        spare = []
    }

    private func becameIdle() {
        idleSince = state.loop.now
        isSlim = false
        if stage == .draining {
            // The last stream's last frame is being written at this very moment.
            state.loop.assumeIsolated().execute { [self] in closeAfterFlush() }
        }
        armTimer()
    }

    /// The connection's window never holds anybody up: how much waits here is up to the windows of the streams, so that one
    /// slow upstream stops one stream and no other.
    private func grantConnectionWindow() {
        guard stage != .failed, stage != .gone, window < fullWindow / 2 else { return }
        write(.windowUpdate(windowSizeIncrement: fullWindow - window), on: .rootStream)
        window = fullWindow
    }

    // MARK: - The end

    /// Enough is enough.
    func fail(_ limit: Limit) {
        guard stage != .failed, stage != .gone, !gate.isShut else { return }
        hit(limit)
        // Not from within a read or a write of the handler that is to write it.
        state.loop.assumeIsolated().execute { [self] in
            guard stage != .failed, stage != .gone, let context else { return }
            let payload = HTTP2Frame.FramePayload.goAway(
                lastStreamID: lastStream, errorCode: .enhanceYourCalm, opaqueData: nil)
            context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
        }
        gate.isShut = true
    }

    /// A `GOAWAY` with an error has been written: the streams are lost, and the connection closes when that has been read.
    func failed() {
        guard stage != .failed else { return }
        stage = .failed
        gate.isShut = true
        state.counters.add(.http2ConnectionErrors)
        state.loop.assumeIsolated().execute { [self] in
            endStreams()
            closeAfterFlush()
        }
    }

    private func closeAfterFlush() {
        guard let context, stage != .gone else { return }
        timer.set(state.loop.now + state.settings.lingerTimeout)
        flushIfNeeded()
        context.flush()
        // Closing with unread bytes would reset the connection and take the last frames away from the client.
        context.close(mode: .output, promise: nil)
    }

    /// Says that no more streams are wanted, waits for the answer of a ping, and only then which was the last: streams that
    /// crossed the news are not lost (RFC 9113 §6.8).
    func drain() {
        guard stage == .open else { return }
        stage = .announced
        announcedAt = state.loop.now
        gate.announceEnd()
        write(.ping(HTTP2PingData(withInteger: 0x746f_6d62_6f6c_6f21), ack: false), on: .rootStream)
        for stream in streams.values { stream.drain() }
        flushIfNeeded()
        armTimer()
    }

    func announceEnd() {
        stage = .draining
        write(.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil), on: .rootStream)
        flushIfNeeded()
        if streams.isEmpty { closeAfterFlush() } else { armTimer() }
    }

    func closeNow() {
        if state.isDraining { for stream in streams.values { stream.sayLastWords() } }
        if flushIsDue { flushIfNeeded() }
        (contact.tls?.context ?? context)?.close(promise: nil)
    }

    var heldBytes: Int {
        streams.values.reduce(context?.channel.bufferedWritableBytes ?? 0) { $0 + $1.heldBytes }
    }

    /// Counts the limit that ends the connection: once, though swift-nio-http2 may notice the same as is noticed here.
    func hit(_ limit: Limit) {
        guard !hasHitLimit else { return }
        hasHitLimit = true
        state.counters.hit(limit)
    }
}
