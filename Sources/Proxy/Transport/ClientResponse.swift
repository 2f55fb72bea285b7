import HTMLInjection
import HTTPWire
import NIOCore

/// The response's way: judge, head, body, end.
extension ClientConnection {
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
        guard responseFraming != .none, let transform else { return beginHead(effect: .exact(0)) }
        self.transform = transform
        let effect = transform.length
        if effect == .undecided { isHeadHeld = true } else { beginHead(of: transform, effect: effect) }
    }

    private func beginHead(of transform: any BodyTransform, effect: LengthEffect, total: Int? = nil) {
        phases.transformed(exchange, transform.outcome)
        beginHead(effect: effect, total: total)
    }

    /// Settles the framing for a body that is changed by `effect`, and writes the response's head.
    private func beginHead(effect: LengthEffect, total: Int? = nil) {
        isHeadHeld = false
        var length = total
        var framing = OutputFraming.chunked
        switch (responseFraming, effect) {
        case (.none, _): framing = .none
        case (.length(let stated), .exact(0)) where total == nil:
            framing = .asStated
            declaredLength = stated
        case (.length(let stated), .exact(let growth)):
            // A length that no number can hold is none that the upstream will keep either.
            let (sum, isTooLarge) = stated.addingReportingOverflow(growth)
            if total == nil, !isTooLarge { length = max(0, sum) }
        default: break
        }
        if let length {
            framing = .asStated
            declaredLength = length
        }
        outputFraming = framing == .chunked ? streamedFraming() : framing
        // Without a body the length is that of the answer to a GET; it stays as the upstream stated it.
        if responseFraming != .none && (length != nil || outputFraming != .asStated) {
            exchange.responseHead.removeAll(.contentLength)
        }
        exchange.responseHead.removeAll(.transferEncoding)
        status = exchange.responseHead.status
        writeHead(length: length)
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
            beginHead(of: transform, effect: effect)
        }
        emitTransformed()
    }

    func responseEnd(trailers: ByteBuffer, reusable: Bool) {
        if let transform {
            transform.finish(into: &transformed)
            guard !hasFailed(transform) else { return }
            if isHeadHeld {
                // Everything is here: the length is known, whatever the transform says about it.
                beginHead(
                    of: transform, effect: .exact(0), total: transformed.reduce(0) { $0 + $1.readableBytes })
            }
            emitTransformed()
        }
        if let declaredLength, declaredLength != bytesOut {
            // A transform that did not keep its word; the client must not wait for bytes or take them for the next head.
            failure = .internalError
            return perform(machine.handle(.upstreamLost))
        }
        // Trailers may hold digests and validators, which are those of the body that the upstream sent.
        writeEnd(trailers: transform?.outcome == .injected ? ByteBuffer() : trailers)
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
        // An empty chunk would be the end.
        guard piece.readableBytes > 0 else { return }
        bytesOut += piece.readableBytes
        write(piece)
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
        phases.refused(exchange, outcome)
    }

    private func writeLocal(_ response: LocalResponse) {
        let status = 200...599 ~= response.status ? response.status : 500
        let hasBody = status != 204 && status != 304
        let isHead = exchange.requestHead.knownMethod == .head
        self.status = status
        outputFraming = hasBody && !isHead ? .asStated : .none
        writeLocalHead(response, status: status, length: hasBody ? response.body.readableBytes : nil)
        if outputFraming == .asStated { emit(response.body) }
        writeEnd(trailers: ByteBuffer())
        sentResponseEnd = true
    }

    /// Appends the lines of a local answer that are the same in every version.
    func writeLocalLines(_ response: LocalResponse, into buffer: inout ByteBuffer) {
        buffer.writeImmutableBuffer(response.lines)
        buffer.writeImmutableBuffer(exchange.responseLines)
        state.writeDate(into: &buffer)
        if !state.settings.serverName.isEmpty { buffer.writeString("Server: \(state.settings.serverName)\r\n") }
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
        exchange.requestIDPlace = nil
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
