import HTTPWire
import NIOCore
import NIOHPACK
import NIOHTTP2

/// A place for streams of an HTTP/2 connection, one after another: how their messages are read, written and delimited
/// (RFC 9113 §8.1).
final class HTTP2Stream: ClientExchanges, ClientConnection {
    let connection: HTTP2Connection
    /// The stream that has the place; nil if none does.
    private(set) var id: HTTP2StreamID?

    // The request.
    /// Whether the client has ended its side.
    var hasEnded = false
    var trailers = ByteBuffer()
    /// What is missing of a body whose length was stated.
    private var bodyLeft: Int?
    /// Bytes that were taken and may be sent again, once somebody wants them.
    var owed = 0
    var webSocketKey: WebSocketKey?

    // The response.
    var pending = ByteBuffer()
    /// Whether the stream's end has been written, and whether it has left.
    var endIsWritten = false
    private var endIsSent = false
    private var whenEndIsSent: (() -> Void)?
    /// Bytes written since the place was made, and those of them that have not been sent yet.
    var total = 0
    var unsent = 0
    var wasHeldUp = false

    init(connection: HTTP2Connection) {
        self.connection = connection
        super.init(
            state: connection.state, exchange: connection.contact.exchange(on: connection.state.loop),
            phases: connection.phases)
        exchange.isHTTP2 = true
        // Not weakly, see HTTP1Connection; the circle ends with ``retire()``.
        exchange.closeConnection = { [self] in endStream() }
        timer.onFire { [unowned self] in deadlineReached() }
    }

    // MARK: - From the connection

    /// A stream begins, with its head.
    func begin(_ id: HTTP2StreamID, _ section: HPACKHeaders, isLast: Bool) {
        self.id = id
        hasEnded = isLast
        do throws(HTTP2RequestFields.Refusal) {
            try readHead(section)
            if case .length(let length) = exchange.requestHead.framing { bodyLeft = length }
            accept(keepAlive: hasEnded && !exchange.requestHead.upgrade)
        } catch {
            switch error {
            case .malformed: return malformed()
            case .wire(let error): reject(.badRequest(error))
            }
        }
        if hasEnded, webSocketKey != nil { inputEnded() }
        settle()
    }

    private func readHead(_ section: HPACKHeaders) throws(HTTP2RequestFields.Refusal) {
        state.requestFields.restart()
        do throws(HTTP2RequestFields.Malformed) {
            try state.requestFields.add(section)
        } catch {
            throw .malformed(error)
        }
        _ = machine.handle(.headBegins)
        try state.requestFields.finish(
            endsStream: hasEnded, webSocketKey: { makeWebSocketKey() }, into: exchange.requestHead)
    }

    /// A part of the body, or of a tunnel.
    func received(_ bytes: ByteBuffer, padding: Int, isLast: Bool) {
        if isLast { hasEnded = true }
        if let left = bodyLeft {
            let rest = left - bytes.readableBytes
            guard rest >= 0, !isLast || rest == 0 else { return malformed() }
            bodyLeft = rest
        }
        owed += padding
        guard machine.connection == .open else { return }
        if machine.response == .tunnel {
            owed += bytes.readableBytes
            if bytes.readableBytes > 0 { tunnelFromClient(bytes) }
        } else if bytes.readableBytes > 0 {
            inbound.writeImmutableBuffer(bytes)
        }
        if isLast, webSocketKey != nil { inputEnded() }
        settle()
    }

    /// A tunnel's client is done.
    private func inputEnded() {
        perform(machine.handle(.inputClosed))
        if machine.response == .tunnel { tunnelClientEnded() }
    }

    /// A field section behind the body; it must be the end.
    func receivedTrailers(_ section: HPACKHeaders, isLast: Bool) {
        guard !hasEnded else {
            if let id { connection.reset(id, .streamClosed) }
            return
        }
        guard isLast, (bodyLeft ?? 0) == 0, webSocketKey == nil else { return malformed() }
        hasEnded = true
        var trailers = HTTP2Trailers(
            limits: state.settings.requestLimits, dropping: state.settings.droppedTrailers)
        do {
            try trailers.add(section)
            self.trailers = try trailers.finish()
        } catch let error as HTTPWireError {
            reject(.badRequest(error))
        } catch {
            return malformed()
        }
        settle()
    }

    /// The request is none: the stream is given up, whatever has become of it (RFC 9113 §8.1.1).
    private func malformed() {
        if let id { connection.reset(id, .protocolError) }
    }

    /// The client takes more again.
    func windowGrew() { hasProgressed = true }

    /// A frame has left for the socket.
    func sent(_ bytes: Int, isLast: Bool) {
        unsent -= bytes
        connection.unsent -= bytes
        hasProgressed = true
        if isLast { endIsSent = true }
        let somebodyWaits = whenEndIsSent != nil || machine.connection == .closing && !hasEnded
        guard isLast && somebodyWaits || wasHeldUp && unsent <= state.settings.lowWatermark else { return }
        // Not from within a write: what follows may write as well.
        state.loop.assumeIsolated().execute { [self] in
            if endIsSent { whenSent() }
            settle()
        }
    }

    private func whenSent() {
        let then = whenEndIsSent
        whenEndIsSent = nil
        then?()
        if machine.connection == .closing, let id {
            hasSentAll = true
            // The answer is complete, and nobody wants the rest of the request (RFC 9113 §8.1).
            if !hasEnded { connection.reset(id, .noError) }
        }
    }

    /// The stream is over, well or badly, or its connection is.
    func ended() {
        guard let id else { return }
        guard endIsWritten, machine.response == .body, machine.connection == .open else { return over() }
        // This is said from within the writing of the answer's last frame; the exchange is settled right after.
        state.loop.assumeIsolated().execute { [self] in if self.id == id { over() } }
    }

    private func over() {
        id = nil
        if machine.isInExchange || machine.connection != .open { perform(machine.handle(.clientGone)) }
        forgetStream()
        timer.set(.distantFuture)
        waiting = .nothing
        upload.refill()
        download.refill()
        if machine.connection != .open || !connection.keep(self) { retire() }
    }

    /// No stream will have the place any more.
    func retire() {
        timer.cancel()
        exchange.closeConnection = nil
    }

    private func forgetStream() {
        inbound = ByteBuffer()
        hasEnded = false
        trailers = ByteBuffer()
        bodyLeft = nil
        owed = 0
        webSocketKey = nil
        pending = ByteBuffer()
        endIsWritten = false
        endIsSent = false
        whenEndIsSent = nil
        connection.unsent -= unsent
        unsent = 0
        wasHeldUp = false
        closePlan = []
    }

    // MARK: - The end

    func endOutput(then done: @escaping () -> Void) {
        whenEndIsSent = done
        writeEnd(trailers: ByteBuffer())
        flush()
    }

    /// Everything has been written with its end; ``sent(_:isLast:)`` sees to the rest.
    func beginClosing() {
        closePlan = []
        inbound = ByteBuffer()
        if !endIsWritten { writeEnd(trailers: ByteBuffer()) }
        flush()
        if endIsSent { whenSent() }
    }

    func close() {
        if let id { connection.reset(id, .cancel) }
    }

    func abort() {
        if let id { connection.reset(id, .internalError) }
    }

    func closeNow() {
        if state.isDraining || isEndingTunnel { sayLastWords() }
        abort()
    }

    /// A stream that is reset sends nothing more in any case.
    func dropOnClose() {}

    /// The connection takes no more streams. A WebSocket would never end by itself.
    func drain() {
        guard machine.response == .tunnel else { return }
        sayGoodbye(to: .client)
        settle()
    }
}
