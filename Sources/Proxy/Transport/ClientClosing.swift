import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a connection ends.
extension ClientConnection {
    /// Closes whatever is going on: at once, and without TLS's `close_notify`, which would tell the client that nothing is
    /// missing (RFC 8446 §6.1), and which NIOSSL would wait for an answer to.
    ///
    /// In cleartext only a reset tells a client that a body which ends with the connection has not ended.
    func closeNow() {
        // An upstream whose client is gone without a word sees it go like that.
        if state.isDraining || isEndingTunnel { sayLastWords() }
        if isAnswering, outputFraming == .untilClose { resetOnClose() }
        (tls ?? context)?.close(promise: nil)
    }

    /// Whether a response has been begun and not ended.
    var isAnswering: Bool { status != 0 && !sentResponseEnd }

    func resetOnClose() {
        _ = (context?.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    func beginClosing() {
        guard !closePlan.isEmpty, let context else { return }
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

    func abort() {
        guard context != nil else { return }
        if outputFraming == .untilClose {
            resetOnClose()
        }
        closeNow()
    }
}
