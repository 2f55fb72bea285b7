import HTTPWire
import NIOCore

/// Time limits: what the connection is waiting for at the moment, how long it may, and what happens then.
extension ClientConnection {
    func armTimer() {
        let next = currentlyWaiting
        guard next != waiting || (hasProgressed && next.restarts) else { return }
        let now = state.loop.now
        if next != waiting { turn(from: waiting, to: next, now) }
        waiting = next
        hasProgressed = false
        timer.set(deadline(of: next, now))
    }

    /// What the exchange waits for.
    var exchangeWaits: Waiting {
        switch machine.connection {
        case .closed: return .nothing
        case .closing: return hasSentAll ? .close : .client
        case .open: break
        }
        switch machine.response {
        case .none: return isWritable ? machine.request == .head ? .head : .request : .client
        case .deciding: return machine.request == .collecting ? .requestBody : .nothing
        // A connection attempt has a time limit of its own.
        case .acquiring: return isQueued ? .queue : .nothing
        case .awaiting: return owesBody ? .requestBody : .response
        case .judging: return .nothing
        case .body: return isWritable ? .responseBody : .client
        case .complete: return .requestBody
        case .tunnel: return isEndingTunnel ? .goodbye : isWritable ? .tunnel : .client
        }
    }

    /// Whether it is the client that everybody waits for. It is not to blame while the upstream does not take the body,
    /// nor for waiting until the upstream has said `100 Continue`.
    private var owesBody: Bool {
        machine.request == .body && !machine.awaitsContinue && upstream?.isWritable ?? false
    }

    private func deadline(of waiting: Waiting, _ now: NIODeadline) -> NIODeadline {
        switch waiting {
        case .requestBody:
            upload.moved(bytesIn &- uploaded, at: now)
            uploaded = bytesIn
            return upload.deadline ?? .distantFuture
        case .client: return nextLook(now)
        default: return limit(waiting).map { now + $0 } ?? .distantFuture
        }
    }

    private func limit(_ waiting: Waiting) -> TimeAmount? {
        let settings = state.settings
        return switch waiting {
        case .nothing, .requestBody, .client: nil
        case .request: idleLimit
        case .head: settings.headTimeout
        case .queue: settings.pool.pendingTimeout
        case .response: exchange.upstream?.responseTimeout
        case .responseBody: exchange.upstream?.idleTimeout
        case .tunnel: settings.tunnelTimeout
        case .goodbye, .close: settings.lingerTimeout
        }
    }

    func deadlineReached() {
        let expired = waiting
        let settings = state.settings
        let upstream = exchange.upstream
        if expired == .client { return look() }
        waiting = .nothing
        switch expired {
        case .nothing, .client: return
        case .request: idle()
        case .close: perform(machine.handle(.idleTimeout))
        case .goodbye: closeNow()
        case .tunnel: endIdleTunnel()
        case .head: timeOut(.requestTimeout(after: settings.headTimeout), .requestTimeout)
        case .requestBody: timeOut(.bodyTooSlow(after: upload.window, rate: upload.rate), .requestTimeout)
        case .queue: timeOut(upstream.map(waitedTooLong), .upstreamTimeout)
        case .response:
            self.upstream?.timedOut()
            timeOut(upstream.map { .responseTimeout($0) }, .upstreamTimeout)
        case .responseBody:
            self.upstream?.timedOut()
            timeOut(upstream.map { .upstreamSilent($0) }, .upstreamTimeout)
        }
        settle()
    }

    private func waitedTooLong(for upstream: Upstream) -> TransportFailure {
        let failure = TransportFailure.queueTimeout(upstream, after: state.settings.pool.pendingTimeout)
        return bucket?.waitFailure(for: upstream, crowded: failure) ?? failure
    }

    private func timeOut(_ failure: TransportFailure?, _ event: ExchangeMachine.Event) {
        // A request that has been answered and is only being drained has not failed, but was too slow all the same.
        if machine.response == .complete {
            if let limit = failure?.limit { state.counters.hit(limit) }
        } else {
            self.failure = failure ?? .internalError
        }
        perform(machine.handle(event))
    }

    private func endIdleTunnel() {
        state.counters.hit(.tunnelTime)
        guard webSocket != nil else { return perform(machine.handle(.upstreamTimeout)) }
        endStream()
    }

    /// No request has come. What was answered last may still be on its way to a slow client, who is not idle then.
    private func idle() {
        if bufferedBytes > 0, takenSinceLastLook() > 0 { return }
        state.counters.hit(bufferedBytes > 0 ? .responseRate : .idleTime)
        perform(machine.handle(.idleTimeout))
    }

    /// How long a request may be waited for; at a shutdown, one that may be on its way already.
    private var idleLimit: TimeAmount {
        let settings = state.settings
        return machine.isDraining ? min(settings.drainGrace, settings.idleTimeout) : settings.idleTimeout
    }

    // MARK: - Whose turn it is

    /// Starts and stops the two measures of speed, so that only the time counts in which it is the client's turn.
    private func turn(from last: Waiting, to next: Waiting, _ now: NIODeadline) {
        if last == .requestBody { upload.pause(at: now) }
        if last == .client { download.pause(at: now) }
        guard next == .requestBody || next == .client else { return }
        if pacedExchange != exchangeNumber {
            // Another message: its sender and taker begin with all the time there is.
            pacedExchange = exchangeNumber
            upload.refill()
            download.refill()
            uploaded = 0
        }
        if next == .requestBody { upload.resume(at: now) } else { download.resume(at: now) }
    }

    // MARK: - A client that takes an answer

    /// The kernel takes much more than a client has read, in large steps: so it is asked now and then what has arrived.
    private func nextLook(_ now: NIODeadline) -> NIODeadline {
        let interval = TimeAmount.nanoseconds(download.window.nanoseconds / 4)
        return min(download.deadline ?? .distantFuture, now + interval)
    }

    private func look() {
        let now = state.loop.now
        download.moved(takenSinceLastLook(), at: now)
        if let deadline = download.deadline, deadline > now { return timer.set(nextLook(now)) }
        waiting = .nothing
        tooSlow()
        settle()
    }

    private func tooSlow() {
        let failure = TransportFailure.clientTooSlow(after: download.window, rate: download.rate)
        if machine.isInExchange, machine.connection == .open {
            self.failure = failure
        } else {
            state.counters.hit(.responseRate)
        }
        // Nothing that still waits in the kernel would ever be taken either.
        dropOnClose()
        perform(machine.handle(.idleTimeout))
    }

    private func takenSinceLastLook() -> Int {
        let before = taken
        taken = takenBytes
        return max(0, taken &- before)
    }
}

extension Channel {
    /// Bytes written and not yet sent; 0 for a channel that cannot tell, a closed one for instance.
    var bufferedWritableBytes: Int {
        do {
            return try syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            return 0
        }
    }
}
