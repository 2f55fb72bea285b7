import NIOCore

/// How connections to upstreams are opened, and what happens where none can be.
extension UpstreamPool {
    func connect(_ attempt: Attempt, to endpoint: UpstreamEndpoint, in bucket: UpstreamBucket) {
        bucket.open += 1
        bucket.countUse()
        counters.add(.activeUpstreamConnections)
        let connection = UpstreamConnection(
            bucket: bucket, endpoint: endpoint, settings: transport, createdAt: loop.now, lifetime: lifetime())
        connector.connect(to: endpoint, of: attempt.upstream, on: loop, settings: transport, handler: connection)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.opened(connection, for: attempt)
                case .failure(let error): self.failed(connection, error, for: attempt)
                }
            }
    }

    /// Up to a tenth less than it may be, so that connections of one moment do not all end at another.
    private func lifetime() -> TimeAmount {
        let most = settings.lifetime.nanoseconds
        return .nanoseconds(most - Int64(Double(most / 10) * random()))
    }

    private func opened(_ connection: UpstreamConnection, for attempt: Attempt) {
        counters.add(.upstreamConnections)
        guard connection.isOpen else {
            // Closed again before anybody could use it: the attempt counts as one that the upstream broke off.
            broke(connection)
            if attempt.isWanted { attempt.client.connectionUnavailable(nil) }
            return
        }
        if attempt.isWanted {
            attempt.client.connected(connection, reused: false)
        } else {
            release(connection)
        }
    }

    /// Nothing has been sent to anybody yet, so that any request may go to the next endpoint.
    private func failed(_ connection: UpstreamConnection, _ error: any Error, for attempt: Attempt) {
        let bucket = connection.bucket
        let failure = TransportFailure.connecting(to: attempt.upstream, failedWith: error)
        counters.addConnectFailure(failure)
        uncount(connection)
        let isOurs = TransportFailure.isOurs(error)
        if !isOurs { note(failure, of: connection.endpoint, in: bucket) }
        if attempt.isWanted {
            var attempt = attempt
            attempt.tried.append(connection.endpoint)
            if !isOurs, let next = bucket.balancer.pick(now: loop.now, tried: attempt.tried) {
                counters.add(.upstreamFailovers)
                guard !attempt.fresh, let kept = bucket.takeIdle(to: next, now: loop.now) else {
                    return connect(attempt, to: next, in: bucket)
                }
                counters.add(.upstreamReuses)
                attempt.client.connected(kept, reused: true)
                connectForNext(in: bucket)
                return
            }
            attempt.client.connectionUnavailable(failure)
        }
        connectForNext(in: bucket)
    }

    private func note(_ failure: TransportFailure, of endpoint: UpstreamEndpoint, in bucket: UpstreamBucket) {
        // Perhaps the name stands for another address by now.
        if endpoint.isNamed { bucket.lookUp(now: loop.now, isUrgent: true) }
        guard bucket.balancer.unreachable(endpoint, now: loop.now, jitter: random()) else { return }
        putAside(endpoint, of: bucket, failure.reason)
    }

    /// A failed attempt and a closed channel may both be reported; the connection counts once.
    func uncount(_ connection: UpstreamConnection) {
        guard connection.isCounted else { return }
        connection.isCounted = false
        connection.bucket.open -= 1
        counters.add(.activeUpstreamConnections, -1)
    }

    /// Opens a connection for the next request in the queue; false if there is none, or no room.
    @discardableResult
    func connectForNext(in bucket: UpstreamBucket) -> Bool {
        guard bucket.open < settings.maxConnections, !bucket.balancer.isEmpty,
            let (client, upstream) = bucket.dequeue(),
            let endpoint = bucket.balancer.pick(now: loop.now)
        else { return false }
        client.connectingNow()
        connect(Attempt(upstream: upstream, client: client, ticket: client.acquisition), to: endpoint, in: bucket)
        return true
    }

    // MARK: - Names

    /// The names of a bucket have been looked up: opens connections for those who waited, or tells them that there is
    /// nothing to connect to.
    func lookedUp(_ bucket: UpstreamBucket, failure error: (any Error)?) {
        if error != nil { counters.add(.upstreamNameFailures) }
        guard bucket.balancer.isEmpty else {
            while connectForNext(in: bucket) {}
            return
        }
        while let (client, upstream) = bucket.dequeue() {
            client.connectingNow()
            client.connectionUnavailable(
                error.map { .connecting(to: upstream, failedWith: $0) } ?? .connectFailed(upstream, "it has no address")
            )
        }
    }
}
