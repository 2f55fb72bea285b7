import NIOCore

/// The connection as the handler of its channel.
extension HTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler, LoopConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static var largeRead: Int { 32 * 1024 }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer.onFire { [unowned self] in deadlineReached() }
        // Not weakly: of an object with weak references every other one is counted the long way round. The circle ends when
        // the connection is gone.
        exchange.closeConnection = { [self] in endStream() }
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
        if contact.origin.address == nil {
            contact.origin.address = context.channel.remoteAddress?.unmapped
            exchange.clientAddress = contact.origin.address
        }
        contact.localAddress = context.channel.localAddress
        exchange.localAddress = contact.localAddress
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
        channelIsWritable = context.channel.isWritable
        if channelIsWritable { settle() }
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
        exchange.closeConnection = nil
        state.warm.remove(self)
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

    /// Gives the connection over to HTTP/2 if that is offered: its preface has come in place of the first request (RFC 9113
    /// §3.3).
    func becameHTTP2() -> Bool {
        guard let context, let successors = handlers?.http2(contact) else { return false }
        let bytes = inbound
        inbound = ByteBuffer()
        do {
            try context.pipeline.syncOperations.addHandlers(successors, position: .after(self))
        } catch {
            // The channel is being closed.
            closeNow()
            return true
        }
        gone()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        return true
    }

    /// Has the channel reset when it is closed, if its end would mean the end of a body.
    func resetIfUntilEnd() {
        if outputFraming == .untilEnd { dropOnClose() }
    }
}
