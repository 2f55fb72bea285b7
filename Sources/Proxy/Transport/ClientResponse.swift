import HTMLInjection
import HTTPWire
import NIOCore

/// The response's way: judge, head, body, end.
extension ClientConnection {
    func sendInterim() {
        append { [exchange] buffer in
            exchange.responseHead.writeHead(into: &buffer)
            buffer.writeStaticString("\r\n")
        }
    }

    func judge() {
        exchange.phase = .response
        apply(phases.response(exchange))
    }

    private func apply(_ verdict: ResponseVerdict) {
        switch verdict {
        case .forward(let transform):
            if exchange.responseHead.status == 101 { return perform(machine.handle(.switchProtocols)) }
            perform(machine.handle(.accept))
            beginResponse(transform)
            upstream?.proceed(asTunnel: false)
        case .respond(let response):
            localResponse = response
            perform(machine.handle(.respond))
        case .later(let future):
            later(future, .judging) { $0.apply($1) }
        }
    }

    // MARK: - Head

    private func beginResponse(_ transform: (any BodyTransform)?) {
        hasProgressed = true
        exchange.phase = .body
        guard responseFraming != .none, let transform else { return writeHead(effect: .exact(0)) }
        self.transform = transform
        let effect = transform.length
        if effect == .undecided { isHeadHeld = true } else { writeHead(of: transform, effect: effect) }
    }

    private func writeHead(of transform: any BodyTransform, effect: LengthEffect, total: Int? = nil) {
        phases.transformed(exchange, transform.outcome)
        writeHead(effect: effect, total: total)
    }

    /// Writes the response's head with the framing for a body that is changed by `effect`.
    private func writeHead(effect: LengthEffect, total: Int? = nil) {
        isHeadHeld = false
        var length = total
        outputFraming = .chunked
        switch (responseFraming, effect) {
        case (.none, _): outputFraming = .none
        case (.length(let stated), .exact(0)) where total == nil:
            outputFraming = .asStated
            declaredLength = stated
        case (.length(let stated), .exact(let growth)):
            // A length that no number can hold is none that the upstream will keep either.
            let (sum, isTooLarge) = stated.addingReportingOverflow(growth)
            if total == nil, !isTooLarge { length = max(0, sum) }
        default: break
        }
        if let length {
            outputFraming = .asStated
            declaredLength = length
        }
        if outputFraming == .chunked && !machine.facts.takesInterim {
            outputFraming = .untilClose
            machine.mustClose()
        }
        // Without a body the length is that of the answer to a GET; it stays as the upstream stated it.
        if responseFraming != .none && (length != nil || outputFraming != .asStated) {
            exchange.responseHead.removeAll(.contentLength)
        }
        exchange.responseHead.removeAll(.transferEncoding)
        status = exchange.responseHead.status
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

    /// Writes the `Connection` field, where the client's version does not imply it.
    func writeConnection(into buffer: inout ByteBuffer) {
        if !machine.persists {
            buffer.writeStaticString("Connection: close\r\n")
        } else if !machine.facts.takesInterim {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
    }

    static func writeLength(_ length: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n")
    }

    // MARK: - Body

    func responseData(_ piece: ByteBuffer) {
        hasProgressed = true
        guard let transform else { return emit(piece) }
        transform.push(piece, into: &transformed)
        guard !hasFailed(transform) else { return }
        if isHeadHeld {
            let effect = transform.length
            guard effect != .undecided else { return }
            writeHead(of: transform, effect: effect)
        }
        emitTransformed()
    }

    func responseEnd(trailers: ByteBuffer, reusable: Bool) {
        if let transform {
            transform.finish(into: &transformed)
            guard !hasFailed(transform) else { return }
            if isHeadHeld {
                // Everything is here: the length is known, whatever the transform says about it.
                writeHead(
                    of: transform, effect: .exact(0), total: transformed.reduce(0) { $0 + $1.readableBytes })
            }
            emitTransformed()
        }
        if outputFraming == .chunked {
            // Trailers may hold digests and validators, which are those of the body that the upstream sent.
            let trailers = transform?.outcome == .injected ? ByteBuffer() : trailers
            append { ChunkedEncoder.writeEnd(trailers: trailers, into: &$0) }
        }
        if let declaredLength, declaredLength != bytesOut {
            // A transform that did not keep its word; the client must not wait for bytes or take them for the next head.
            failure = .internalError
            return perform(machine.handle(.upstreamLost))
        }
        sentResponseEnd = true
        perform(machine.handle(.responseEnd(reusable: reusable)))
    }

    private func hasFailed(_ transform: any BodyTransform) -> Bool {
        guard case .failed(let reason) = transform.outcome else { return false }
        phases.transformed(exchange, transform.outcome)
        failure = exchange.upstream.map { .invalidResponse($0, "its compressed body is broken: \(reason)") }
        perform(machine.handle(.upstreamLost))
        return true
    }

    private func emitTransformed() {
        for piece in transformed { emit(piece) }
        transformed.removeAll(keepingCapacity: true)
    }

    private func emit(_ piece: ByteBuffer) {
        let count = piece.readableBytes
        // An empty chunk would be the end.
        guard count > 0, let context else { return }
        bytesOut += count
        guard outputFraming == .chunked else { return outgoing.append(piece, state, context) }
        append { ChunkedEncoder.writeHeader(of: count, into: &$0) }
        outgoing.append(piece, state, context)
        append { ChunkedEncoder.writeDataEnd(into: &$0) }
    }

    // MARK: - Local answers

    func sendLocal() {
        guard let response = localResponse else { return }
        localResponse = nil
        exchange.localFault = response.fault
        exchange.localReason = response.reason
        writeLocal(response)
    }

    func sendFailure() {
        let failure = failure ?? .internalError
        let page = phases.failure(exchange, failure) ?? ErrorPages.response(for: failure, in: exchange)
        writeLocal(page)
        if exchange.phase == .head { refused(failure) }
    }

    /// Tells of a request that never came to phases.
    private func refused(_ failure: TransportFailure) {
        let problem = ErrorPages.problem(for: failure)
        var outcome = Outcome(status: status, bytesOut: bytesOut, fault: problem.fault, reason: problem.code)
        if case .requestTimeout(let time) = failure { outcome.duration = time }
        state.counters.addResponse(status: status)
        state.counters.addFault(outcome.fault)
        phases.refused(exchange, outcome)
    }

    private func writeLocal(_ response: LocalResponse) {
        let status = 200...599 ~= response.status ? response.status : 500
        let hasBody = status != 204 && status != 304
        let isHead = exchange.requestHead.knownMethod == .head
        self.status = status
        append { [self] buffer in
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(status))
            buffer.writeStaticString(" ")
            buffer.writeStaticString(StatusText.reason(status))
            buffer.writeStaticString("\r\n")
            buffer.writeImmutableBuffer(response.lines)
            buffer.writeImmutableBuffer(exchange.responseLines)
            state.writeDate(into: &buffer)
            if !state.settings.serverName.isEmpty { buffer.writeString("Server: \(state.settings.serverName)\r\n") }
            if hasBody { Self.writeLength(response.body.readableBytes, into: &buffer) }
            writeConnection(into: &buffer)
            buffer.writeStaticString("\r\n")
        }
        if hasBody, !isHead, let context {
            bytesOut += response.body.readableBytes
            outgoing.append(response.body, state, context)
        }
        sentResponseEnd = true
    }

    // MARK: - The end of an exchange

    func finish() {
        exchangeNumber &+= 1
        let problem = failure.map { ErrorPages.problem(for: $0) }
        let outcome = Outcome(
            status: status, bytesIn: bytesIn, bytesOut: bytesOut,
            fault: problem?.fault ?? (sentResponseEnd ? exchange.localFault : .client),
            duration: state.loop.now - exchange.startedAt, isComplete: sentResponseEnd,
            reason: problem?.code ?? (sentResponseEnd ? exchange.localReason : "client_closed"))
        state.counters.addResponse(status: status)
        state.counters.add(.bytesIn, bytesIn)
        state.counters.add(.bytesOut, bytesOut)
        state.counters.addFault(outcome.fault)
        if exchange.isTunnel { state.counters.add(.activeTunnels, -1) }
        phases.done(exchange, outcome)
        forget()
    }

    /// Clears everything that belongs to the exchange.
    private func forget() {
        // They are slices of what was read, and would hold the whole of it.
        exchange.requestHead.reset()
        exchange.responseHead.reset()
        exchange.requestLines.clear()
        exchange.responseLines.clear()
        exchange.targetOverride = nil
        exchange.upstream = nil
        exchange.upstreamSocket = nil
        exchange.context = nil
        exchange.requestID = nil
        exchange.clientName = nil
        exchange.isTunnel = false
        exchange.phase = .head
        exchange.hasHead = false
        exchange.times = ExchangeTimes()
        exchange.traceID = nil
        exchange.localFault = .none
        exchange.localReason = nil
        transform = nil
        transformed.removeAll(keepingCapacity: true)
        isHeadHeld = false
        declaredLength = nil
        localResponse = nil
        failure = nil
        collectThen = nil
        if collected.readableBytes > 0 { collected = ByteBuffer() }
        status = 0
        bytesIn = 0
        bytesOut = 0
        sentResponseEnd = false
    }
}
