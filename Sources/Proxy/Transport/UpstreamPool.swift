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
    struct Attempt {
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
    let transport: TransportSettings
    let counters: LoopCounters
    private let health: UpstreamHealth
    let random: @Sendable () -> Double
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
        let choice = hasRoom ? bucket.balancer.choice(now: now) : nil
        let endpoint = choice?.endpoint
        if !fresh, let endpoint, let connection = bucket.takeIdle(to: endpoint, now: now) { return reused(connection) }
        if bucket.open >= settings.maxConnections, !bucket.idle.isEmpty {
            // Room has to be made for a fresh one, and for a trial, of which nothing would come elsewhere; else better one
            // to another endpoint than none.
            if fresh || choice?.isTrial == true {
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
        let last = buckets.values
        // They know the pool.
        buckets = [:]
        for bucket in last { bucket.closeIdle() }
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

    func putAside(_ endpoint: UpstreamEndpoint, of bucket: UpstreamBucket, _ reason: String) {
        counters.add(.upstreamsPutAside)
        if !bucket.isRetired { health.isAside(endpoint, reason) }
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
