internal import CLinux
internal import Configuration
internal import CrossDomain
internal import HTTPWire
internal import Logging
internal import NIOCore
internal import Proxy
internal import SessionStores
internal import Sessions
internal import TLS

#if canImport(Glibc)
    internal import Glibc
#endif

/// Makes the working parts from a configuration. Store and cache are made once and outlive every reload.
struct Workshop: Sendable {
    let store: any SessionStore
    let cache: RecordCache
    let logger: Logger
    let requests: RequestMetrics
    let storeMetrics = StoreMetrics()
    let ladder = LadderMetrics()

    static let clock: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }

    init(_ configuration: Configuration, logger: Logger) throws {
        self.logger = logger
        cache = RecordCache()
        requests = RequestMetrics(loops: Self.loopCount)
        store = MeasuredStore(try Self.store(configuration.store), metrics: storeMetrics)
    }

    /// How many event loops there are: one a core.
    static let loopCount = max(1, Int(tombolo_usable_cores()))

    private static func store(_ settings: Configuration.Store) throws -> any SessionStore {
        switch settings.kind {
        case .memory(let records): return MemoryStore(maxRecords: records, clock: clock)
        case .sqlite(let path):
            var options = SQLiteStore.Options()
            options.synchronous = settings.durability == .power ? .full : .normal
            return try SQLiteStore(path: path, options: options, clock: clock)
        }
    }

    /// The groups of a configuration at work, and the routes to them.
    func routes(
        for configuration: Configuration, _ upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS], keys: KeyRing
    ) -> Routes {
        let groups = configuration.groups.map { settings in
            SessionGroup(
                settings: settings, keys: keys, repository: repository(for: settings), metrics: ladder,
                clock: Self.clock)
        }
        return Routes(configuration, groups: groups, upstreamTLS: upstreamTLS, metrics: requests)
    }

    private func repository(for group: Group) -> SessionRepository {
        let timeouts = group.timeouts
        return SessionRepository(
            store: store, cache: cache,
            timeouts: SessionTimeouts(
                idle: timeouts.idle, absolute: timeouts.absolute, persistentIdle: timeouts.persistentIdle,
                persistentAbsolute: timeouts.persistentAbsolute),
            reportTrouble: { [logger] trouble in
                logger.error("the store could not be swept", metadata: ["fault": "store", "error": "\(trouble)"])
            })
    }

    /// Sweeps the store until cancelled. Both stores are embedded: this process's cache knows all that is written, and
    /// what another process writes into the same file it learns within the cache's time to live.
    func keepHouse() async {
        // Sweeping goes by each record's own time of expiry, so any timeouts will do here.
        let forever = SessionTimeouts(idle: 0, absolute: 0, persistentIdle: 0, persistentAbsolute: 0)
        let keeper = SessionRepository(
            store: store, cache: cache, timeouts: forever,
            reportTrouble: { [logger] trouble in
                logger.error("the store could not be swept", metadata: ["fault": "store", "error": "\(trouble)"])
            })
        await keeper.run(followsChanges: false)
    }

    /// Reads the keys, making the file if it does not exist.
    static func keyRing(_ configuration: Configuration, logger: Logger) throws(StartFailure) -> KeyRing {
        let path = configuration.keys.file
        let entries: [KeysFile.Entry]
        do {
            let (keys, created) = try KeysFile.loadOrCreate(
                path, random: { SystemRandom().bytes($0) }, now: clock().seconds)
            if created {
                logger.notice(
                    "made a new keys file: all nodes of one site need the same", metadata: ["file": "\(path)"])
            }
            entries = keys
        } catch {
            throw StartFailure(error)
        }
        let keys = entries.map {
            Key(id: $0.id, createdAt: Timestamp(seconds: $0.createdAt), bytes: $0.bytes)
        }
        guard let ring = KeyRing(keys: keys) else { throw StartFailure("\(path): the keys cannot be used") }
        return ring
    }

    /// The data plane's settings.
    ///
    /// - Parameter loops: how many event loops share what is allowed in all; each gets its part, rounded up.
    static func transportSettings(_ configuration: Configuration, loops: Int) -> TransportSettings {
        func share(_ total: Int) -> Int { (total + max(1, loops) - 1) / max(1, loops) }
        var settings = TransportSettings()
        settings.requestLimits.maxBytes = configuration.limits.headBytes
        settings.requestLimits.maxFields = configuration.limits.fields
        settings.requestLimits.maxLine = configuration.limits.lineBytes
        settings.responseLimits = settings.requestLimits
        settings.headTimeout = .milliseconds(configuration.timeouts.head)
        settings.idleTimeout = .milliseconds(configuration.timeouts.idle)
        settings.requestBodyTimeout = .milliseconds(configuration.timeouts.idle)
        settings.requestRate = configuration.limits.requestRate
        settings.sendTimeout = .milliseconds(configuration.timeouts.stall)
        settings.responseRate = configuration.limits.responseRate
        settings.tunnelTimeout = .milliseconds(configuration.timeouts.tunnel)
        settings.pool.maxConnections = share(configuration.limits.upstreamConnections)
        settings.pool.maxPending = share(configuration.limits.pending)
        settings.pool.pendingTimeout = .milliseconds(configuration.timeouts.pending)
        settings.maxBodyBytes = configuration.limits.bodyBytes
        settings.pool.idleTimeout = .milliseconds(configuration.timeouts.upstreamKeepAlive)
        settings.pool.lifetime = .milliseconds(configuration.timeouts.upstreamLifetime)
        settings.droppedTrailers = configuration.groups.flatMap { RoutedDomain.ownFields(of: $0) }
        settings.maxConnections = configuration.limits.connections
        settings.maxConnectionsPerAddress = configuration.limits.connectionsPerAddress
        if !configuration.listen.http2 { settings.http2 = nil }
        return settings
    }
}
