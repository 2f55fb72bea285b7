import NIOCore

/// Time limits: what the connection is waiting for at the moment, how long it may, and what happens then.
extension ClientConnection {
    /// What is being waited for.
    enum Waiting {
        case nothing, request, head, requestBody, queue, response, responseBody, client, tunnel, close

        /// Whether every byte starts the time anew; the others run from their beginning.
        var restarts: Bool {
            switch self {
            case .requestBody, .responseBody, .client, .tunnel: true
            default: false
            }
        }
    }

    func armTimer() {
        let now = currentlyWaiting
        guard now != waiting || (hasProgressed && now.restarts) else { return }
        waiting = now
        hasProgressed = false
        bufferedAtStall = now == .client ? bufferedBytes : Int.max
        guard let limit = limit(now) else { return timer.set(.distantFuture) }
        timer.set(state.loop.now + limit)
    }

    private var currentlyWaiting: Waiting {
        switch machine.connection {
        case .closed: return .nothing
        case .closing: return hasSentAll ? .close : .client
        case .open: break
        }
        switch machine.response {
        case .none: return machine.request == .head ? .head : .request
        case .deciding: return machine.request == .collecting ? .requestBody : .nothing
        // A connection attempt has a time limit of its own.
        case .acquiring: return isQueued ? .queue : .nothing
        // While the upstream does not take the body, the client is not to blame.
        case .awaiting: return machine.request == .body && upstream?.isWritable ?? false ? .requestBody : .response
        case .judging: return .nothing
        case .body: return isWritable ? .responseBody : .client
        case .complete: return .requestBody
        case .tunnel: return .tunnel
        }
    }

    private func limit(_ waiting: Waiting) -> TimeAmount? {
        let settings = state.settings
        return switch waiting {
        case .nothing: nil
        case .request: machine.isDraining ? min(settings.drainGrace, settings.idleTimeout) : settings.idleTimeout
        case .head: settings.headTimeout
        case .requestBody: settings.requestBodyTimeout
        case .queue: settings.pool.pendingTimeout
        case .response: exchange.upstream?.responseTimeout
        case .responseBody, .tunnel: exchange.upstream?.idleTimeout
        case .client: settings.sendTimeout
        case .close: settings.lingerTimeout
        }
    }

    func deadlineReached() {
        let expired = waiting
        waiting = .nothing
        switch expired {
        case .nothing: return
        case .request, .close: perform(machine.handle(.idleTimeout))
        case .tunnel: perform(machine.handle(.upstreamTimeout))
        case .head: timeOut(.requestTimeout(after: state.settings.headTimeout), .requestTimeout)
        case .requestBody: timeOut(.requestTimeout(after: state.settings.requestBodyTimeout), .requestTimeout)
        case .queue: timeOut(exchange.upstream.map { .overloaded($0) }, .upstreamTimeout)
        case .response, .responseBody: timeOut(exchange.upstream.map { .responseTimeout($0) }, .upstreamTimeout)
        case .client:
            // A slow client is not a dead one: as long as anything goes out, it has its time again.
            if bufferedBytes >= bufferedAtStall { perform(machine.handle(.idleTimeout)) }
        }
        settle()
    }

    private func timeOut(_ failure: TransportFailure?, _ event: ExchangeMachine.Event) {
        // A request that has been answered and is only being drained has not failed.
        if machine.response != .complete { self.failure = failure ?? .internalError }
        perform(machine.handle(event))
    }

    /// What waits in both directions, here and in the upstream connection.
    var heldBytes: Int { inbound.readableBytes + bufferedBytes + (upstream?.heldBytes ?? 0) }

    private var bufferedBytes: Int { context?.channel.bufferedWritableBytes ?? 0 }
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
