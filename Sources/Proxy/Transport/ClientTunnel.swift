import HTTPWire
import NIOCore

/// Raw bytes both ways after a 101. Each side's end is passed on; when both have ended, the tunnel is closed.
///
/// Of a WebSocket's bytes it is known where its messages end, so that one can be closed from here as RFC 6455 has it.
extension ClientConnection {
    func openTunnel() {
        guard let upstream else { return }
        status = 101
        exchange.phase = .body
        outputFraming = .none
        exchange.isTunnel = true
        webSocket = isWebSocket ? WebSocketRelay() : nil
        sentResponseEnd = true
        clientOutputClosed = false
        upstreamOutputClosed = false
        state.counters.add(.activeTunnels)
        writeTunnelHead()
        upstream.proceed(asTunnel: true)
        if let leftover = upstream.takeLeftover() { tunnelFromUpstream(leftover) }
        if inbound.readableBytes > 0 {
            let leftover = inbound
            inbound = ByteBuffer()
            tookEarly(leftover.readableBytes)
            tunnelFromClient(leftover)
        }
        if upstream.hasEnded { tunnelUpstreamEnded() }
        if machine.inputClosed { tunnelClientEnded() }
        if state.isDraining { sayGoodbye(to: .client) }
    }

    private var isWebSocket: Bool {
        exchange.responseHead.first(.upgrade).map {
            exchange.responseHead.string($0.value).lowercased() == "websocket"
        } ?? false
    }

    func tunnelFromClient(_ bytes: ByteBuffer) {
        hasProgressed = true
        bytesIn += bytes.readableBytes
        guard let (passing, close) = webSocket?.pass(bytes, to: .server) else { return send(bytes, to: .server) }
        if let passing { send(passing, to: .server) }
        if let close { send(close, to: .server) }
    }

    func tunnelFromUpstream(_ bytes: ByteBuffer) {
        hasProgressed = true
        bytesOut += bytes.readableBytes
        guard let (passing, close) = webSocket?.pass(bytes, to: .client) else { return send(bytes, to: .client) }
        if let passing { send(passing, to: .client) }
        if let close { send(close, to: .client) }
    }

    private func send(_ bytes: ByteBuffer, to side: WebSocketRelay.Side) {
        switch side {
        case .server: upstream?.append(bytes, state)
        case .client: if bytes.readableBytes > 0 { write(bytes) }
        }
    }

    // MARK: - The end, from here

    /// Ends the stream that the connection has become, because its session has ended: a WebSocket with close frames
    /// both ways and a moment to answer them, anything else at once.
    func endStream() {
        guard machine.response == .tunnel, webSocket != nil else { return closeNow() }
        isEndingTunnel = true
        sayGoodbye(to: .client, .server)
        settle()
    }

    /// Sends a WebSocket's close frame (1001) as soon as no message is under way. At a shutdown only the client gets
    /// one: its answer goes to the upstream, after all that it had still to say.
    func sayGoodbye(to sides: WebSocketRelay.Side...) {
        for side in sides {
            if let close = webSocket?.end(to: side) { send(close, to: side) }
        }
    }

    /// The tunnel is being closed without waiting any longer: the upstream may still be told.
    func sayLastWords() {
        guard machine.response == .tunnel, webSocket != nil else { return }
        sayGoodbye(to: .server)
        upstream?.flush(state)
    }

    /// The client has shut down sending: so does its side towards the upstream, after the last byte.
    func tunnelClientEnded() {
        let number = exchangeNumber
        upstream?.closeOutput(state) { [self] in
            guard number == exchangeNumber else { return }
            upstreamOutputClosed = true
            endTunnelIfDone()
        }
    }

    /// The upstream has shut down sending: so does its side towards the client, after the last byte.
    func tunnelUpstreamEnded() {
        let number = exchangeNumber
        endOutput { [self] in
            guard number == exchangeNumber else { return }
            clientOutputClosed = true
            endTunnelIfDone()
        }
    }

    /// The upstream's connection is gone altogether.
    func tunnelUpstreamGone() {
        perform(machine.handle(.upstreamLost))
    }

    private func endTunnelIfDone() {
        guard clientOutputClosed, upstreamOutputClosed else { return }
        perform(machine.handle(.upstreamLost))
        settle()
    }
}
