import HTTPWire
import NIOCore

/// Raw bytes both ways after a 101. Each side's end is passed on; when both have ended, the tunnel is closed.
extension ClientConnection {
    func openTunnel() {
        guard let upstream, let context else { return }
        status = 101
        exchange.phase = .body
        outputFraming = .none
        exchange.isTunnel = true
        sentResponseEnd = true
        clientOutputClosed = false
        upstreamOutputClosed = false
        state.counters.add(.activeTunnels)
        append { [exchange] buffer in
            exchange.responseHead.writeHead(into: &buffer)
            buffer.writeImmutableBuffer(exchange.responseLines)
            buffer.writeStaticString("Connection: Upgrade\r\n\r\n")
        }
        upstream.proceed(asTunnel: true)
        if let leftover = upstream.takeLeftover() {
            bytesOut += leftover.readableBytes
            outgoing.append(leftover, state, context)
        }
        if inbound.readableBytes > 0 {
            let leftover = inbound
            inbound = ByteBuffer()
            tunnelFromClient(leftover)
        }
        if upstream.hasEnded { tunnelUpstreamEnded() }
        if machine.inputClosed { tunnelClientEnded() }
    }

    func tunnelFromClient(_ bytes: ByteBuffer) {
        hasProgressed = true
        bytesIn += bytes.readableBytes
        upstream?.append(bytes, state)
    }

    func tunnelFromUpstream(_ bytes: ByteBuffer) {
        guard let context else { return }
        hasProgressed = true
        bytesOut += bytes.readableBytes
        outgoing.append(bytes, state, context)
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
        guard let context else { return }
        let number = exchangeNumber
        outgoing.flush(state, context)
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in
            guard number == exchangeNumber else { return }
            self.context?.close(mode: .output, promise: nil)
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
