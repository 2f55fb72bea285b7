import NIOCore

/// Time limits of a client's HTTP/2 connection; its streams have their own.
extension HTTP2Connection {
    func armTimer() {
        switch stage {
        case .open:
            if gate.inbound.middle == .head {
                timer.set(headSince + state.settings.headTimeout)
            } else {
                timer.set(streams.isEmpty ? idleSince + idleLimit : .distantFuture)
            }
        // A client that answers no ping is not waited for.
        case .announced: timer.set(announcedAt + state.settings.lingerTimeout)
        // Without streams the time to close is running, whatever else arrives.
        case .draining: if !streams.isEmpty { timer.set(.distantFuture) }
        case .failed, .gone: break
        }
    }

    /// How long it may be idle until something is done about it.
    private var idleLimit: TimeAmount {
        let limit = state.settings.idleTimeout
        return isSlim ? limit : min(limit, LoopState.slimAfter)
    }

    private func letGoWhileIdle() {
        isSlim = true
        retireSpare()
        phases.letGo()
        armTimer()
    }

    func deadlineReached() {
        switch stage {
        case .open:
            if gate.inbound.middle == .head {
                hit(.http2HeadTime)
                closeNow()
            } else if !isSlim, state.settings.idleTimeout > LoopState.slimAfter {
                letGoWhileIdle()
            } else {
                state.counters.hit(.idleTime)
                drain()
            }
        case .announced: announceEnd()
        case .draining: if streams.isEmpty { closeNow() }
        case .failed: closeNow()
        case .gone: break
        }
    }
}
