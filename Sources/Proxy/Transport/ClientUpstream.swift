import HTTPWire
import NIOCore
import TLS

/// What the client connection has to do with the pool and the upstream connection that works for it.
extension ClientConnection {
    // MARK: - Getting and giving back

    func acquire(fresh: Bool) {
        guard let wanted = exchange.upstream else {
            failure = .internalError
            return perform(machine.handle(.unavailable))
        }
        let bucket = state.pool.bucket(for: wanted, known: self.bucket)
        self.bucket = bucket
        acquisition &+= 1
        isQueued = false
        switch state.pool.acquire(wanted, from: bucket, for: self, fresh: fresh) {
        case .ready(let connection): use(connection, reused: true)
        case .connecting: break
        case .queued: isQueued = true
        case .full:
            failure = bucket.waitFailure(for: wanted, crowded: .overloaded(wanted))
            perform(machine.handle(.unavailable))
        }
    }

    /// Whether the connection asked for with that number is still wanted.
    func isAcquiring(_ ticket: UInt64) -> Bool {
        ticket == acquisition && machine.response == .acquiring && machine.connection == .open && upstream == nil
    }

    /// The pool has begun to open a connection for this one, which was in the queue.
    func connectingNow() {
        isQueued = false
        acquisition &+= 1
        settle()
    }

    /// The connection asked for is there.
    func connected(_ connection: UpstreamConnection, reused: Bool) {
        use(connection, reused: reused)
        settle()
    }

    /// The connection asked for cannot be had; nil if it was closed as soon as it was open.
    func connectionUnavailable(_ failure: TransportFailure?) {
        self.failure = failure ?? exchange.upstream.map { .closedEarly($0) } ?? .internalError
        perform(machine.handle(.unavailable))
        settle()
    }

    private func use(_ connection: UpstreamConnection, reused: Bool) {
        isQueued = false
        upstream = connection
        exchange.times.isReused = reused
        exchange.upstreamSocket = connection.endpoint.socket
        connection.serve(self)
        perform(machine.handle(.connected(reused: reused)))
    }

    func giveUpUpstream() {
        acquisition &+= 1
        if isQueued {
            isQueued = false
            bucket?.gaveUp()
        }
        let connection = upstream
        upstream = nil
        connection?.close()
    }

    func releaseUpstream() {
        let connection = upstream
        upstream = nil
        connection?.release()
    }

    // MARK: - Request

    func sendRequest() {
        guard let upstream else { return }
        let isChunked = exchange.requestHead.framing == .chunked
        if isChunked { exchange.requestHead.removeAll(.transferEncoding) }
        upstream.append(state) { [exchange] buffer in
            exchange.requestHead.writeHead(into: &buffer, target: exchange.targetOverride)
            if exchange.requestLines.readableBytes > 0 { buffer.writeImmutableBuffer(exchange.requestLines) }
            if isChunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
            // Whoever sends `TE` or `Upgrade` has to list it (RFC 9110 §7.8, §10.1.4).
            if exchange.requestHead.upgrade { buffer.writeStaticString("Connection: Upgrade\r\n") }
            if exchange.requestHead.first(.te) != nil { buffer.writeStaticString("Connection: TE\r\n") }
            buffer.writeStaticString("\r\n")
        }
    }

    /// The upstream takes bytes again.
    func upstreamWritable() { settle() }

    // MARK: - Response

    func responseByteArrived() {
        if exchange.times.firstByteAt == nil { exchange.times.firstByteAt = state.loop.now }
        _ = machine.handle(.responseByte)
    }

    func interimResponse(_ status: Int) {
        phases.interim(exchange)
        perform(machine.handle(.interim(status)))
    }

    func responseHead(framing: BodyFraming, closes: Bool) {
        if let reason = objection() { return upstreamInvalid(reason) }
        responseFraming = framing
        perform(machine.handle(.responseHead(closes: closes)))
    }

    /// The upstream closed before the response was complete; `refusal` is what TLS has to say about it.
    func upstreamLost(_ refusal: UpstreamTLSFailure? = nil) {
        failure =
            exchange.upstream.map { upstream in
                if let refusal { return .handshakeFailed(upstream, refusal) }
                // It was told that the client is gone.
                return machine.hasEndedUpstream ? .clientLeft : .closedEarly(upstream)
            } ?? .internalError
        perform(machine.handle(.upstreamLost))
    }

    /// The upstream sent what HTTP does not allow.
    ///
    /// - Parameter limit: the limit that its message exceeds, if that is what is wrong with it.
    func upstreamInvalid(_ reason: String, limit: Limit? = nil) {
        if let limit { state.counters.hit(limit) }
        failure = exchange.upstream.map { .invalidResponse($0, reason) } ?? .internalError
        // Not to be sent again: the upstream has answered, only not well.
        perform(machine.handle(.responseByte))
        perform(machine.handle(.upstreamLost))
    }
}
