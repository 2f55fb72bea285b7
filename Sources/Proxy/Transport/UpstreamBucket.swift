import NIOCore

/// The connections of one event loop to one upstream, and what that loop knows of its endpoints.
final class UpstreamBucket {
    /// Not unowned: a connection that is still being closed when all else has gone tells its pool of it.
    let pool: UpstreamPool
    /// The longest idle first.
    var idle: [UpstreamConnection] = []
    /// Being opened, in use and idle.
    var open = 0
    /// The most that were in use at once since the last sweep.
    private var peak = 0
    var balancer = Balancer()
    /// Whether the configuration does not have the upstream any more.
    private(set) var isRetired = false
    /// How many requests wait. Those that gave up are still in the queue, but not counted.
    private(set) var waiting = 0
    /// Whether any address has a name in place of an IP address.
    let hasNames: Bool
    private let key: Upstream.Key
    private var queue = CircularBuffer<(client: any ClientConnection, ticket: UInt64, upstream: Upstream)>()
    private var lookedUpAt: NIODeadline?
    private var isLookingUp = false

    init(_ key: Upstream.Key, pool: UpstreamPool) {
        self.key = key
        self.pool = pool
        hasNames = key.addresses.contains { $0.literal == nil }
        balancer.replace(with: endpoints([:]))
    }

    /// Whether it is still the one for `upstream`.
    func serves(_ upstream: Upstream) -> Bool {
        // Of equal arrays nearly always the very same: the comparison is one of addresses in memory.
        !isRetired && upstream.tls == key.tls && upstream.addresses == key.addresses
    }

    // MARK: - Idle connections

    private var inUse: Int { open - idle.count }

    /// Notes that a connection has come into use.
    func countUse() { peak = max(peak, inUse) }

    /// Closes what is over, and what was not needed since the last sweep, the longest idle first.
    func sweep(now: NIODeadline) {
        closeIdle { !$0.isUsable(at: now, pool.settings) }
        let needed = max(pool.settings.maxIdle, peak - inUse)
        peak = inUse
        guard idle.count > needed else { return }
        let surplus = idle.prefix(idle.count - needed)
        idle.removeFirst(surplus.count)
        for connection in surplus { connection.close() }
    }

    /// The idle connection that was used last; those that are over are closed on the way.
    func takeIdle(now: NIODeadline) -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable(at: now, pool.settings) { return connection }
            connection.close()
        }
        return nil
    }

    /// As ``takeIdle(now:)``, among those to one endpoint.
    func takeIdle(to endpoint: UpstreamEndpoint, now: NIODeadline) -> UpstreamConnection? {
        while let index = idle.lastIndex(where: { $0.endpoint == endpoint }) {
            let connection = idle.remove(at: index)
            if connection.isUsable(at: now, pool.settings) { return connection }
            connection.close()
        }
        return nil
    }

    func closeIdle(where isUnwanted: (UpstreamConnection) -> Bool = { _ in true }) {
        let unwanted = idle.filter(isUnwanted)
        idle.removeAll(where: isUnwanted)
        for connection in unwanted { connection.close() }
    }

    /// Whether the upstream still has the endpoint.
    func leads(to endpoint: UpstreamEndpoint) -> Bool { !hasNames || balancer.contains(endpoint) }

    /// The configuration does not have the upstream any more: what is idle is closed, the rest when it is done.
    func retire() {
        isRetired = true
        closeIdle()
    }

    // MARK: - Waiting requests

    func enqueue(_ upstream: Upstream, _ client: any ClientConnection) {
        // Those that gave up are held on to by the queue; where its head never moves, they must not pile up.
        if queue.count > 2 * waiting + 64 { queue.removeAll { !$0.client.isAcquiring($0.ticket) } }
        queue.append((client, client.acquisition, upstream))
        waiting += 1
    }

    /// The next request that still waits.
    func dequeue() -> (any ClientConnection, Upstream)? {
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

    /// What to tell a request that has waited in vain.
    func waitFailure(for upstream: Upstream, crowded: TransportFailure) -> TransportFailure {
        balancer.isEmpty ? .connectFailed(upstream, "its name could not be looked up in time") : crowded
    }

    // MARK: - Names

    /// Asks for the addresses of names when it is time to: what they stand for changes, in container networks all the
    /// time. Meanwhile the known ones are used.
    func lookUp(now: NIODeadline, isUrgent: Bool = false) {
        let age = isUrgent ? TimeAmount.seconds(1) : pool.settings.lookUpInterval
        if isLookingUp { return }
        if let lookedUpAt, !balancer.isEmpty, now - lookedUpAt < age { return }
        isLookingUp = true
        let names = key.addresses.filter { $0.literal == nil }
        let answers = names.map { name in
            pool.connector.addresses(of: name.host ?? "", port: name.port, on: pool.loop)
        }
        EventLoopFuture.whenAllComplete(answers, on: pool.loop).assumeIsolated().whenSuccess { [weak self] results in
            self?.lookedUp(Dictionary(zip(names, results), uniquingKeysWith: { first, _ in first }))
        }
    }

    private func lookedUp(_ results: [Upstream.Address: Result<[SocketAddress], any Error>]) {
        isLookingUp = false
        lookedUpAt = pool.loop.now
        let aside = balancer.aside
        balancer.replace(with: endpoints(results.compactMapValues { try? $0.get() }))
        pool.forget(aside.filter { !balancer.aside.contains($0) })
        closeIdle { !balancer.contains($0.endpoint) }
        var failure: (any Error)?
        for case .failure(let error) in results.values { failure = error }
        pool.lookedUp(self, failure: failure)
    }

    /// The endpoints in the order of the list. A name that could not be looked up keeps those it has. Of a name's
    /// addresses those of the family that the system prefers are used, and the others if none of these works: a name with
    /// addresses of both kinds is nearly always one machine.
    private func endpoints(
        _ found: [Upstream.Address: [SocketAddress]]
    ) -> [(endpoint: UpstreamEndpoint, isSpare: Bool)] {
        key.addresses.flatMap { address -> [(endpoint: UpstreamEndpoint, isSpare: Bool)] in
            if let literal = address.literal { return [(UpstreamEndpoint(address: address, socket: literal), false)] }
            let known = balancer.endpoints.filter { $0.address == address }.map(\.socket)
            let sockets = found[address] ?? known
            return sockets.map { socket in
                (UpstreamEndpoint(address: address, socket: socket), socket.protocol != sockets.first?.protocol)
            }
        }
    }
}
