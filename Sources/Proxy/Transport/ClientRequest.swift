import HTTPWire
import NIOCore

/// The request's way: parse, decide, send on.
extension ClientConnection {
    /// Takes what has arrived as far as it goes at the moment.
    func process() {
        while machine.connection == .open {
            switch machine.request {
            case .idle, .head:
                // A client that asks and asks and takes no answer would have them all held for it.
                guard machine.response == .none, isWritable, readHead() else { return }
            case .body, .collecting, .draining:
                guard readBody() else { return }
            case .held, .abandoned, .complete: return
            }
        }
    }

    // MARK: - Head

    /// A request's head is in ``Exchange/requestHead``.
    ///
    /// - Parameter keepAlive: whether another exchange may follow this one.
    func accept(keepAlive: Bool) {
        exchange.startedAt = state.loop.now
        exchange.hasHead = true
        let framing = exchange.requestHead.framing
        if exchange.requestHead.knownMethod == .connect { return reject(.methodNotAllowed) }
        let limit = state.settings.maxBodyBytes
        var facts = ExchangeMachine.Facts()
        switch framing {
        case .length(let length):
            if limit > 0 && length > limit { return reject(.bodyTooLarge(limit: limit)) }
            facts.hasBody = length > 0
            facts.bodyLength = length
        case .chunked: facts.hasBody = true
        case .none, .untilClose: break
        }
        let method = exchange.requestHead.knownMethod
        facts.keepAlive = keepAlive
        facts.expectsContinue = exchange.requestHead.expectsContinue
        facts.takesInterim = exchange.requestHead.version == .http11
        facts.isRepeatable = method.isIdempotent && !facts.hasBody && !exchange.requestHead.upgrade
        if facts.hasBody { beginBody(framing) }
        exchange.requestHead.removeHopByHop()
        if !facts.takesInterim { exchange.requestHead.removeAll(.expect) }
        perform(machine.handle(.head(facts)))
    }

    func reject(_ failure: TransportFailure) {
        self.failure = failure
        perform(machine.handle(.rejected))
    }

    // MARK: - Verdict

    func decide() {
        state.counters.add(.requests)
        exchange.phase = .route
        apply(phases.request(exchange))
    }

    private func apply(_ verdict: RequestVerdict) {
        switch verdict {
        case .forward(let upstream):
            exchange.upstream = upstream
            exchange.phase = .request
            exchange.times.forwardedAt = state.loop.now
            perform(machine.handle(.forward))
        case .respond(let response):
            localResponse = response
            perform(machine.handle(.respond))
        case .collectBody(let limit, let then):
            collectLimit = limit
            collectThen = then
            perform(machine.handle(.collect))
        case .later(let future):
            later(future, .deciding) { $0.apply($1) }
        }
    }

    /// Waits for a verdict without leaving the loop; a verdict for an exchange that is over is dropped.
    func later<Verdict>(
        _ future: EventLoopFuture<Verdict>, _ expected: ExchangeMachine.Response,
        _ apply: @escaping (Self, Verdict) -> Void
    ) {
        guard future.eventLoop === state.loop else {
            failure = .internalError
            return perform(machine.handle(.failed))
        }
        let number = exchangeNumber
        future.assumeIsolated().whenComplete { [self] result in
            guard number == exchangeNumber, machine.response == expected, machine.connection == .open else { return }
            switch result {
            case .success(let verdict): apply(self, verdict)
            case .failure:
                failure = .storeUnavailable
                perform(machine.handle(.failed))
            }
            upstream?.process()
            settle()
        }
    }

    // MARK: - Body

    /// A piece of the body, without framing; not empty.
    func take(_ piece: ByteBuffer) {
        let count = piece.readableBytes
        bytesIn += count
        hasProgressed = true
        let limit = state.settings.maxBodyBytes
        if limit > 0 && bytesIn > limit { return reject(.bodyTooLarge(limit: limit)) }
        switch machine.request {
        case .body: send(piece)
        case .collecting:
            guard collected.readableBytes + count <= collectLimit else {
                failure = .bodyTooLarge(limit: collectLimit)
                collected = ByteBuffer()
                perform(machine.handle(.bodyBytes(count)))
                return perform(machine.handle(.failed))
            }
            collected.writeImmutableBuffer(piece)
        default: break
        }
        perform(machine.handle(.bodyBytes(count)))
    }

    /// The body is complete; `trailers` as in ``BodyEvent/end(trailers:)``.
    func endBody(trailers: ByteBuffer) {
        if machine.request == .body, case .chunked = exchange.requestHead.framing {
            upstream?.append(state) { ChunkedEncoder.writeEnd(trailers: trailers, into: &$0) }
        }
        perform(machine.handle(.bodyEnd))
    }

    private func send(_ piece: ByteBuffer) {
        guard let upstream else { return }
        guard case .chunked = exchange.requestHead.framing else { return upstream.append(piece, state) }
        upstream.append(state) { ChunkedEncoder.writeHeader(of: piece.readableBytes, into: &$0) }
        upstream.append(piece, state)
        upstream.append(state) { ChunkedEncoder.writeDataEnd(into: &$0) }
    }

    func answerCollected() {
        guard let then = collectThen else {
            failure = .internalError
            return perform(machine.handle(.failed))
        }
        collectThen = nil
        let body = collected
        collected = ByteBuffer()
        let number = exchangeNumber
        then(body).hop(to: state.loop).assumeIsolated().whenComplete { [self] result in
            guard number == exchangeNumber, machine.response == .deciding, machine.connection == .open else { return }
            switch result {
            case .success(let response):
                localResponse = response
                perform(machine.handle(.respond))
            case .failure:
                failure = .internalError
                perform(machine.handle(.failed))
            }
            settle()
        }
    }
}
