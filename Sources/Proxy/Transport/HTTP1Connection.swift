import HTTPWire
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A client's HTTP/1.1 connection: how its messages are read, written and delimited (RFC 9112).
final class HTTP1Connection: ClientExchanges, ClientConnection {
    static let receiveAllocator = ReceiveAllocator(first: 256, minimum: 2048, maximum: 128 * 1024)

    // The channel.
    var contact: ClientContact
    var context: ChannelHandlerContext?
    /// Where NIOSSL is in the pipeline; nil in cleartext.
    var tls: ChannelHandlerContext?
    let outgoing = Outgoing()
    var channelIsWritable = true
    var heldRead = false
    var hasLargeBuffer = false
    /// Where it is among the loop's warm connections; nil if it is not.
    var warmPlace: Int?
    var isStarted = false
    var isGone = false
    /// Makes what takes over when the client turns out to speak HTTP/2; nil if it must not.
    var handlers: ClientHandlers?

    private var parser: RequestHeadParser
    private var bodyReader = BodyReader(.none, sender: .client)

    init(state: LoopState, contact: ClientContact, phases: any Phases) {
        self.contact = contact
        self.tls = contact.tls?.context
        self.parser = RequestHeadParser(limits: state.settings.requestLimits)
        super.init(state: state, exchange: contact.exchange(on: state.loop), phases: phases)
    }

    // MARK: - Reading

    func readHead() -> Bool {
        guard inbound.readableBytes > 0 else { return false }
        _ = machine.handle(.headBegins)
        do {
            guard try parser.parse(&inbound, into: exchange.requestHead) else {
                if machine.inputClosed { perform(machine.handle(.inputClosed)) }
                return false
            }
        } catch {
            if error.kind == .http2Preface, exchangeNumber == 0, becameHTTP2() { return false }
            reject(.badRequest(error))
            return false
        }
        accept(keepAlive: exchange.requestHead.keepAlive)
        return true
    }

    func beginBody(_ framing: BodyFraming) {
        bodyReader = BodyReader(
            framing, sender: .client, limits: state.settings.requestLimits,
            droppingTrailers: state.settings.droppedTrailers)
    }

    func readBody() -> Bool {
        do {
            switch try bodyReader.next(&inbound) {
            case .needMore:
                if machine.inputClosed { perform(machine.handle(.inputClosed)) }
                return false
            case .data(let piece): take(piece)
            case .end(let trailers): endBody(trailers: trailers)
            }
        } catch {
            reject(.badRequest(error))
            return false
        }
        return true
    }

    func nextRequest() {
        if hasLargeBuffer {
            // Nobody knows how large the next request is: its buffer is to be a small one again.
            hasLargeBuffer = false
            _ = context?.channel.setOption(.recvAllocator, value: Self.receiveAllocator.again)
        }
        if inbound.readableBytes == 0 {
            // Nothing holds on to the received bytes, so that the channel can use its buffer again.
            inbound = ByteBuffer()
            if warmPlace == nil { state.warm.add(self) }
        }
        if machine.inputClosed && inbound.readableBytes == 0 { perform(machine.handle(.inputClosed)) }
    }

    func resumeReading() {
        guard heldRead, mayRead, let context else { return }
        heldRead = false
        context.read()
    }

    var isWritable: Bool { channelIsWritable }

    var bufferedBytes: Int { context?.channel.bufferedWritableBytes ?? 0 }

    var takenBytes: Int { acknowledgedBytes ?? (outgoing.total &- bufferedBytes) }

    /// What the client's system has acknowledged since the connection began (RFC 4898 `tcpEStatsAppHCThruOctetsAcked`);
    /// nil where there is no TCP, or the kernel does not say.
    private var acknowledgedBytes: Int? {
        #if os(Linux)
            guard let socket = context?.channel as? any SocketOptionProvider else { return nil }
            let info: EventLoopFuture<TCPInfo> = socket.unsafeGetSocketOption(level: TCPInfo.level, name: TCPInfo.name)
            var bytes: Int?
            // On its own loop the channel answers at once.
            info.assumeIsolated().whenSuccess { bytes = Int(exactly: $0.acknowledged) }
            return bytes == 0 ? nil : bytes
        #else
            return nil
        #endif
    }

    func streamedFraming() -> OutputFraming {
        if machine.facts.takesInterim { return .chunked }
        machine.mustClose()
        return .untilEnd
    }

    // MARK: - Writing

    private func append(_ body: (inout ByteBuffer) -> Void) { outgoing.append(state, body) }

    func flush() {
        if let context { outgoing.flush(state, context) }
    }

    func writeContinue() { append { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") } }

    func writeInterim() {
        append { [exchange] buffer in
            exchange.responseHead.writeHead(into: &buffer)
            buffer.writeStaticString("\r\n")
        }
    }

    func writeHead(length: Int?) {
        append { [self] buffer in
            exchange.responseHead.writeHead(into: &buffer)
            if exchange.responseLines.readableBytes > 0 { buffer.writeImmutableBuffer(exchange.responseLines) }
            if let length { Self.writeLength(length, into: &buffer) }
            if outputFraming == .chunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
            writeConnection(into: &buffer)
            if exchange.responseHead.requiresUpgrade { buffer.writeStaticString("Connection: Upgrade\r\n") }
            buffer.writeStaticString("\r\n")
        }
    }

    func writeLocalHead(_ response: LocalResponse, status: Int, length: Int?) {
        append { [self] buffer in
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(status))
            buffer.writeStaticString(" ")
            buffer.writeStaticString(StatusText.reason(status))
            buffer.writeStaticString("\r\n")
            writeLocalLines(response, into: &buffer)
            if let length { Self.writeLength(length, into: &buffer) }
            writeConnection(into: &buffer)
            buffer.writeStaticString("\r\n")
        }
    }

    func writeTunnelHead() {
        append { [exchange] buffer in
            exchange.responseHead.writeHead(into: &buffer)
            buffer.writeImmutableBuffer(exchange.responseLines)
            buffer.writeStaticString("Connection: Upgrade\r\n\r\n")
        }
    }

    /// Writes the `Connection` field, where the client's version does not imply it.
    private func writeConnection(into buffer: inout ByteBuffer) {
        if !machine.persists {
            buffer.writeStaticString("Connection: close\r\n")
        } else if !machine.facts.takesInterim {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
    }

    private static func writeLength(_ length: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n")
    }

    func write(_ piece: ByteBuffer) {
        guard let context else { return }
        guard outputFraming == .chunked else { return outgoing.append(piece, state, context) }
        append { ChunkedEncoder.writeHeader(of: piece.readableBytes, into: &$0) }
        outgoing.append(piece, state, context)
        append { ChunkedEncoder.writeDataEnd(into: &$0) }
    }

    func writeEnd(trailers: ByteBuffer) {
        guard outputFraming == .chunked else { return }
        append { ChunkedEncoder.writeEnd(trailers: trailers, into: &$0) }
    }

    // MARK: - The end

    func endOutput(then done: @escaping () -> Void) {
        guard let context else { return }
        flush()
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in
            self.context?.close(mode: .output, promise: nil)
            done()
        }
    }

    func beginClosing() {
        guard let context else { return }
        let lingers = closePlan.contains(.linger) || inbound.readableBytes > 0
        closePlan = []
        inbound = ByteBuffer()
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { [self] result in
            hasSentAll = true
            guard let context = self.context else { return }
            if case .success = result, lingers, !machine.inputClosed {
                // Closing with unread bytes would reset the connection and take the answer away from the client.
                context.close(mode: .output, promise: nil)
                armTimer()
            } else {
                context.close(promise: nil)
            }
        }
    }

    func close() { context?.close(promise: nil) }

    /// At once, and without TLS's `close_notify`, which would tell the client that nothing is missing (RFC 8446 §6.1), and
    /// which NIOSSL would wait for an answer to.
    ///
    /// In cleartext only a reset tells a client that a body which ends with the connection has not ended.
    func closeNow() {
        // An upstream whose client is gone without a word sees it go like that.
        if state.isDraining || isEndingTunnel { sayLastWords() }
        if isAnswering { resetIfUntilEnd() }
        (tls ?? context)?.close(promise: nil)
    }

    func abort() {
        resetIfUntilEnd()
        closeNow()
    }

    /// Has the channel reset when it is closed.
    func dropOnClose() {
        _ = (context?.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}
