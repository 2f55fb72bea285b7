import NIOCore

/// The upstream connections of one event loop. Confined to that loop.
///
/// Idle connections are used last in, first out, so that a quiet upstream keeps few of them. Their number, the number of
/// connections in all and the number of requests that wait are bounded per upstream, all its addresses together, and per
/// loop.
final class UpstreamPool {
    /// The answer to a request for a connection.
    enum Acquisition {
        /// Here it is.
        case ready(UpstreamConnection)
        /// It is being opened; the client connection will be told.
        case connecting
        /// All are in use, or the upstream's name is being looked up; the client connection will be told when it is its
        /// turn.
        case queued
        /// Nor is there a place in the queue.
        case full
    }

    /// A request for a connection, with what has been tried for it.
    private struct Attempt {
        let upstream: Upstream
        let client: any ClientConnection
        let ticket: UInt64
        /// Whether a connection that has been used before will not do.
        var fresh = false
        var tried: [UpstreamEndpoint] = []

        var isWanted: Bool { client.isAcquiring(ticket) }
    }

    let loop: any EventLoop
    let settings: PoolSettings
    let connector: any Connector
    private let transport: TransportSettings
    private let counters: LoopCounters
    private let health: UpstreamHealth
    private let random: @Sendable () -> Double
    private var buckets: [Upstream.Key: UpstreamBucket] = [:]
    private var sweep: Scheduled<Void>?
    private var isShut = false

    /// - Parameter random: numbers from 0 up to 1, for the jitter of pauses and lifetimes.
    init(
        loop: any EventLoop, settings: TransportSettings, counters: LoopCounters, connector: any Connector,
        health: UpstreamHealth, random: @escaping @Sendable () -> Double
    ) {
        self.loop = loop
        self.settings = settings.pool
        self.transport = settings
        self.counters = counters
        self.connector = connector
        self.health = health
        self.random = random
    }

    /// The connections to one upstream.
    ///
    /// - Parameter known: what was returned before; looked at first, to save the look-up.
    func bucket(for upstream: Upstream, known: UpstreamBucket?) -> UpstreamBucket {
        if let known, known.serves(upstream) { return known }
        let key = upstream.key
        if let bucket = buckets[key] { return bucket }
        let bucket = UpstreamBucket(key, pool: self)
        buckets[key] = bucket
        return bucket
    }

    /// Gets a connection for `client`: an idle one, unless it must be `fresh`, or a new one.
    func acquire(
        _ upstream: Upstream, from bucket: UpstreamBucket, for client: any ClientConnection, fresh: Bool
    ) -> Acquisition {
        let now = loop.now
        if bucket.hasNames { bucket.lookUp(now: now) }
        if !fresh, bucket.balancer.isSingle, let connection = bucket.takeIdle(now: now) { return reused(connection) }
        // Whoever can only wait must not use up the trial of an address that was put aside.
        let hasRoom = bucket.open < settings.maxConnections || !bucket.idle.isEmpty
        let endpoint = hasRoom ? bucket.balancer.pick(now: now) : nil
        if !fresh, let endpoint, let connection = bucket.takeIdle(to: endpoint, now: now) { return reused(connection) }
        if bucket.open >= settings.maxConnections, !bucket.idle.isEmpty {
            // Room has to be made for a fresh one; else better one to another endpoint than none.
            if fresh {
                bucket.idle.removeFirst().breakOff()
            } else if let connection = bucket.takeIdle(now: now) {
                return reused(connection)
            }
        }
        if bucket.open < settings.maxConnections, let endpoint {
            let attempt = Attempt(upstream: upstream, client: client, ticket: client.acquisition, fresh: fresh)
            connect(attempt, to: endpoint, in: bucket)
            return .connecting
        }
        guard bucket.waiting < settings.maxPending else { return .full }
        bucket.enqueue(upstream, client)
        return .queued
    }

    private func reused(_ connection: UpstreamConnection) -> Acquisition {
        connection.bucket.countUse()
        counters.add(.upstreamReuses)
        return .ready(connection)
    }

    /// Takes a connection back whose exchange ended cleanly.
    func release(_ connection: UpstreamConnection) {
        let bucket = connection.bucket
        guard connection.isUsable(at: loop.now, settings), bucket.leads(to: connection.endpoint) else {
            return connection.close()
        }
        if let (client, _) = bucket.dequeue() {
            counters.add(.upstreamReuses)
            client.connected(connection, reused: true)
            return
        }
        guard !bucket.isRetired, !isShut else { return connection.close() }
        connection.idleSince = loop.now
        bucket.idle.append(connection)
        scheduleSweep()
    }

    /// Notes that a connection is gone, and opens one for whoever waits.
    func closed(_ connection: UpstreamConnection) {
        let bucket = connection.bucket
        if let index = bucket.idle.firstIndex(where: { $0 === connection }) { bucket.idle.remove(at: index) }
        uncount(connection)
        connectForNext(in: bucket)
    }

    /// What it holds now, by upstreams as operators write them.
    var occupancy: [String: PoolOccupancy] {
        Dictionary(
            buckets.map { key, bucket in
                ("\(key)", PoolOccupancy(open: bucket.open, idle: bucket.idle.count, waiting: bucket.waiting))
            }, uniquingKeysWith: +)
    }

    /// The server has ended: every idle connection is closed, and those that are still being opened when they are there.
    func shut() {
        isShut = true
        sweep?.cancel()
        sweep = nil
        for bucket in buckets.values { bucket.closeIdle() }
    }

    /// Forgets the upstreams that are not among `keys`: their idle connections are closed, those in use when they are
    /// done. One that a request which is still being decided has chosen before comes back until the next call.
    func keep(only keys: Set<Upstream.Key>) {
        for (key, bucket) in buckets where !keys.contains(key) {
            buckets[key] = nil
            forget(bucket.balancer.aside)
            bucket.retire()
        }
    }

    /// Endpoints that were put aside are not there any more.
    func forget(_ endpoints: [UpstreamEndpoint]) { for endpoint in endpoints { health.forget(endpoint) } }

    // MARK: - Health

    /// The upstream has answered with a response's head.
    func answered(_ connection: UpstreamConnection) {
        guard connection.bucket.balancer.answered(connection.endpoint) else { return }
        counters.add(.upstreamsBack)
        health.isBack(connection.endpoint)
    }

    /// The upstream has broken a response off before its head was complete, or sent something else.
    func broke(_ connection: UpstreamConnection) {
        let bucket = connection.bucket
        guard bucket.balancer.broke(connection.endpoint, now: loop.now, jitter: random()) else { return }
        putAside(connection.endpoint, of: bucket, "several responses in a row were not given")
    }

    private func putAside(_ endpoint: UpstreamEndpoint, of bucket: UpstreamBucket, _ reason: String) {
        counters.add(.upstreamsPutAside)
        if !bucket.isRetired { health.isAside(endpoint, reason) }
    }

    // MARK: - Connecting

    private func connect(_ attempt: Attempt, to endpoint: UpstreamEndpoint, in bucket: UpstreamBucket) {
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
    private func uncount(_ connection: UpstreamConnection) {
        guard connection.isCounted else { return }
        connection.isCounted = false
        connection.bucket.open -= 1
        counters.add(.activeUpstreamConnections, -1)
    }

    /// Opens a connection for the next request in the queue; false if there is none, or no room.
    @discardableResult
    private func connectForNext(in bucket: UpstreamBucket) -> Bool {
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

    // MARK: - Sweeping

    private func scheduleSweep() {
        guard sweep == nil else { return }
        let interval = max(10_000_000, min(settings.idleTimeout.nanoseconds / 4, 1_000_000_000))
        sweep = loop.assumeIsolated().scheduleTask(in: .nanoseconds(interval)) { [weak self] in self?.sweepIdle() }
    }

    private func sweepIdle() {
        sweep = nil
        let now = loop.now
        for bucket in buckets.values { bucket.sweep(now: now) }
        if buckets.values.contains(where: { !$0.idle.isEmpty }) { scheduleSweep() }
    }
}
