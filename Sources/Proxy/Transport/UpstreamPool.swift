import NIOCore

/// The upstream connections of one event loop. Confined to that loop.
///
/// Idle connections are used last in, first out, so that a quiet upstream keeps few of them. Their number, the number of
/// connections in all and the number of requests that wait are bounded per upstream.
final class UpstreamPool {
    /// The answer to a request for a connection.
    enum Acquisition {
        /// Here it is.
        case ready(UpstreamConnection)
        /// It is being opened; the client connection will be told.
        case connecting
        /// All are in use; the client connection will be told when it is its turn.
        case queued
        /// Nor is there a place in the queue.
        case full
    }

    private let loop: any EventLoop
    private let settings: TransportSettings
    private let counters: LoopCounters
    private let connector: any Connector
    private var buckets: [Upstream.Address: UpstreamBucket] = [:]
    private var sweep: Scheduled<Void>?

    init(
        loop: any EventLoop, settings: TransportSettings, counters: LoopCounters, connector: any Connector
    ) {
        self.loop = loop
        self.settings = settings
        self.counters = counters
        self.connector = connector
    }

    /// The connections to one upstream; callers may keep the object to save the look-up.
    func bucket(for upstream: Upstream) -> UpstreamBucket {
        if let bucket = buckets[upstream.address] { return bucket }
        let bucket = UpstreamBucket(pool: self)
        buckets[upstream.address] = bucket
        return bucket
    }

    /// Gets a connection for `client`: an idle one, unless it must be `fresh`, or a new one.
    func acquire(
        _ upstream: Upstream, from bucket: UpstreamBucket, for client: ClientConnection, fresh: Bool
    ) -> Acquisition {
        let now = loop.now
        while !fresh, let connection = bucket.idle.popLast() {
            guard connection.isUsable(at: now, settings.pool) else {
                connection.close()
                continue
            }
            counters.add(.upstreamReuses)
            return .ready(connection)
        }
        if fresh, bucket.open >= settings.pool.maxConnections, !bucket.idle.isEmpty {
            bucket.idle.removeFirst().close()
        }
        if bucket.open < settings.pool.maxConnections {
            connect(to: upstream, in: bucket, for: client)
            return .connecting
        }
        guard bucket.waiting < settings.pool.maxPending else { return .full }
        bucket.enqueue(upstream, client)
        return .queued
    }

    /// Takes a connection back whose exchange ended cleanly.
    func release(_ connection: UpstreamConnection) {
        let bucket = connection.bucket
        guard connection.isUsable(at: loop.now, settings.pool) else { return connection.close() }
        if let (client, _) = bucket.dequeue() {
            counters.add(.upstreamReuses)
            client.connected(connection, reused: true)
            return
        }
        guard bucket.idle.count < settings.pool.maxIdle else { return connection.close() }
        connection.idleSince = loop.now
        bucket.idle.append(connection)
        scheduleSweep(after: settings.pool.idleTimeout)
    }

    /// Notes that a connection is gone, and opens one for whoever waits.
    func closed(_ connection: UpstreamConnection) {
        let bucket = connection.bucket
        if let index = bucket.idle.firstIndex(where: { $0 === connection }) { bucket.idle.remove(at: index) }
        uncount(connection)
        connectForNext(in: bucket)
    }

    /// What it holds now.
    var occupancy: [Upstream.Address: PoolOccupancy] {
        buckets.mapValues { PoolOccupancy(open: $0.open, idle: $0.idle.count, waiting: $0.waiting) }
    }

    /// Closes every idle connection.
    func closeIdle() {
        sweep?.cancel()
        sweep = nil
        for bucket in buckets.values {
            let idle = bucket.idle
            bucket.idle = []
            for connection in idle { connection.close() }
        }
    }

    // MARK: - Connecting

    private func connect(to upstream: Upstream, in bucket: UpstreamBucket, for client: ClientConnection) {
        bucket.open += 1
        counters.add(.activeUpstreamConnections)
        let connection = UpstreamConnection(bucket: bucket, settings: settings, createdAt: loop.now)
        let ticket = client.acquisition
        connector.connect(to: upstream, on: loop, settings: settings, handler: connection)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.opened(connection, for: client, ticket)
                case .failure(let error): self.failed(connection, upstream, error, for: client, ticket)
                }
            }
    }

    private func opened(_ connection: UpstreamConnection, for client: ClientConnection, _ ticket: UInt64) {
        counters.add(.upstreamConnections)
        guard connection.isOpen else {
            // Closed again before anybody could use it: the attempt counts as one that the upstream broke off.
            if client.isAcquiring(ticket) { client.connectionUnavailable(nil) }
            return
        }
        if client.isAcquiring(ticket) {
            client.connected(connection, reused: false)
        } else {
            release(connection)
        }
    }

    private func failed(
        _ connection: UpstreamConnection, _ upstream: Upstream, _ error: any Error, for client: ClientConnection,
        _ ticket: UInt64
    ) {
        counters.add(.upstreamConnectFailures)
        uncount(connection)
        if client.isAcquiring(ticket) {
            client.connectionUnavailable(.connecting(to: upstream, failedWith: error))
        }
        connectForNext(in: connection.bucket)
    }

    /// A failed attempt and a closed channel may both be reported; the connection counts once.
    private func uncount(_ connection: UpstreamConnection) {
        guard connection.isCounted else { return }
        connection.isCounted = false
        connection.bucket.open -= 1
        counters.add(.activeUpstreamConnections, -1)
    }

    private func connectForNext(in bucket: UpstreamBucket) {
        guard bucket.open < settings.pool.maxConnections, let (client, upstream) = bucket.dequeue() else { return }
        client.connectingNow()
        connect(to: upstream, in: bucket, for: client)
    }

    // MARK: - Sweeping

    private func scheduleSweep(after delay: TimeAmount) {
        guard sweep == nil else { return }
        sweep = loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.sweepIdle() }
    }

    private func sweepIdle() {
        sweep = nil
        let now = loop.now
        var isEmpty = true
        for bucket in buckets.values {
            let expired = bucket.idle.filter { !$0.isUsable(at: now, settings.pool) }
            bucket.idle.removeAll { !$0.isUsable(at: now, settings.pool) }
            for connection in expired { connection.close() }
            if !bucket.idle.isEmpty { isEmpty = false }
        }
        if !isEmpty {
            let interval = max(settings.pool.idleTimeout.nanoseconds / 4, 10_000_000)
            scheduleSweep(after: .nanoseconds(interval))
        }
    }
}

/// The connections of one event loop to one upstream.
final class UpstreamBucket {
    unowned let pool: UpstreamPool
    /// The longest idle first.
    var idle: [UpstreamConnection] = []
    /// Being opened, in use and idle.
    var open = 0
    /// How many requests wait. Those that gave up are still in the queue, but not counted.
    private(set) var waiting = 0
    private var queue = CircularBuffer<(client: ClientConnection, ticket: UInt64, upstream: Upstream)>()

    init(pool: UpstreamPool) { self.pool = pool }

    func enqueue(_ upstream: Upstream, _ client: ClientConnection) {
        queue.append((client, client.acquisition, upstream))
        waiting += 1
    }

    /// The next request that still waits.
    func dequeue() -> (ClientConnection, Upstream)? {
        while let entry = queue.popFirst() {
            guard entry.client.isAcquiring(entry.ticket) else { continue }
            waiting -= 1
            return (entry.client, entry.upstream)
        }
        return nil
    }

    /// Notes that one that was queued has given up.
    func gaveUp() {
        waiting -= 1
        if waiting == 0 { queue.removeAll() }
    }
}
