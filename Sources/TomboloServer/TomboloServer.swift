internal import Admin
internal import Configuration
internal import HTMLInjection
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOPosix
internal import Proxy
internal import SessionStores
internal import Sessions
internal import TLS
internal import UnixSignals

#if canImport(Glibc)
    internal import Glibc
#endif

/// The whole program: configuration in, running services out; reload and an orderly end.
public struct TomboloServer: Sendable {
    let file: String
    let logger: Logger
    let workshop: Workshop
    private let routes: RouteTable
    let certificates: CertificateTable
    private let upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS]
    let first: Configuration
    private let warnings: [String]
    private let watched: [String]
    let pages = PageCounters()
    let reloads = ReloadMetrics(now: Workshop.clock().seconds)
    let tlsFailures = LabelledCounters()
    private let inherited: InheritedSockets
    private let manager: ServiceManager

    /// The version of the program.
    public static let version = "0.1.0"

    /// Serves until SIGTERM or SIGINT, then lets requests finish.
    ///
    /// - Throws: ``StartFailure`` when something stands in the way of starting.
    public static func run(configurationFile: String) async throws {
        try await TomboloServer(configurationFile).serve()
    }

    private init(_ file: String) throws {
        self.file = file
        inherited = InheritedSockets.take()
        let loaded = Deployment.load(file, keeping: Certificates())
        switch loaded.result {
        case .failure(let mistakes): throw StartFailure(mistakes)
        case .success(let deployment):
            first = deployment.configuration
            certificates = CertificateTable(deployment.certificates)
            upstreamTLS = deployment.upstreamTLS
            warnings = deployment.warnings
        }
        watched = loaded.watchedFiles
        logger = Self.logger(first.log)
        manager = ServiceManager(logger: logger)
        do {
            workshop = try Workshop(first, logger: logger)
        } catch {
            throw StartFailure("\(error)")
        }
        let keys = try Workshop.keyRing(first, logger: logger)
        routes = RouteTable(workshop.routes(for: first, upstreamTLS, keys: keys))
    }

    private static func logger(_ log: Configuration.Log) -> Logger {
        let format: LogLines.Format =
            switch log.format {
            case .auto: LogLines.fitting
            case .human: .human
            case .json: .json
            }
        let level = Logger.Level(rawValue: log.level.rawValue) ?? .info
        return Logger(label: "tombolo") { LogLines(label: $0, format: format, level: level) }
    }

    // MARK: serving

    private func serve() async throws {
        raiseDescriptorLimit()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: Workshop.loopCount)
        let streams = LiveStreams()
        let accessLog: AccessLog?
        do {
            accessLog = try self.accessLog(on: loops)
        } catch {
            await workshop.store.close()
            try await loops.shutdownGracefully()
            throw error
        }
        let observer = RequestObserver(metrics: workshop.requests, accessLog: accessLog)
        let front = FrontLog(logger, tlsFailures: tlsFailures)
        let server = ProxyServer(
            group: loops, settings: Workshop.transportSettings(first, loops: Workshop.loopCount),
            front: FrontDoor(trusts: { [routes] in routes.current.trusts($0) }, report: front.tell),
            upstreamNews: { [logger] in Self.log($0, logger) }
        ) { [routes, pages, logger] eventLoop in
            SessionPhases(
                routes: routes, streams: streams, pages: pages, observer: observer, eventLoop: eventLoop, logger: logger
            )
        }
        // Both before the first connection can come: whoever can reach us may send a signal and change a file.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let files = FileWatch(watched)
        let health = Health(
            loopsAnswer: { try await server.answer() },
            storeAnswers: { [store = workshop.store] in _ = try await store.get(.random(SystemRandom())) })
        let inside = InternalServer(health: health, sources: sources(of: server, accessLog))
        var failure: (any Error)?
        do {
            for address in first.internalListener.listen { try await listen(inside, address) }
            let listeners = try await listen(server, front)
            health.enter(.serving)
            await runUntilTold(server, listeners, health, accessLog, signals, files)
        } catch {
            failure = error
        }
        await accessLog?.close()
        await workshop.store.close()
        try await inside.close()
        try await loops.shutdownGracefully()
        if let failure { throw failure }
    }

    private func listen(_ server: ProxyServer, _ front: FrontLog) async throws -> Listeners {
        let tls = TLSListener(certificates: certificates, report: front.tell)
        var listeners = Listeners(server, tls: tls, inherited: inherited, file: file, logger: logger)
        try await listeners.apply(try listeners.prepare(first.listen))
        for name in listeners.unused {
            logger.warning(
                "a socket was passed to this process, and nobody listens on it",
                metadata: ["name": "\(name)", "remedy": "add \"systemd:\(name)\" to [listen] http or https"])
        }
        for warning in warnings { logger.warning("\(warning)") }
        let domains = first.groups.reduce(0) { $0 + $1.domains.count }
        logger.notice("ready", metadata: ["groups": "\(first.groups.count)", "domains": "\(domains)"])
        manager.tell(.ready(status: "serving \(domains) domains"))
        return listeners
    }

    /// Every connection is two descriptors; the usual soft limit of 1,024 is for programs that use `select`.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let needed = 2 * UInt64(first.limits.connections)
        guard limit.rlim_max < needed else { return }
        logger.warning(
            "as many connections as [limits] allows need more open files than this process may have",
            metadata: [
                "limit": "\(limit.rlim_max)", "needed": "\(needed)",
                "remedy": "LimitNOFILE= in a systemd unit, ulimit -n, or lower [limits] connections",
            ])
    }

    // MARK: while it runs

    private enum Event: Sendable {
        case signal(UnixSignal)
        case filesChanged([String])
    }

    private func runUntilTold(
        _ server: ProxyServer, _ listeners: Listeners, _ health: Health, _ accessLog: AccessLog?,
        _ signals: UnixSignalsSequence, _ files: FileWatch
    ) async {
        let (events, feed) = AsyncStream.makeStream(of: Event.self)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await workshop.keepHouse() }
            tasks.addTask {
                for await signal in signals { feed.yield(.signal(signal)) }
            }
            tasks.addTask { await watch(files, feed) }
            tasks.addTask { await manager.keepInformed(about: server) }
            tasks.addTask { await warnOfCertificates() }
            var reloader = Reloader(
                file: file, bound: first, running: first, workshop: workshop, routes: routes,
                certificates: certificates, metrics: reloads, listeners: listeners, manager: manager,
                upstreamTLS: upstreamTLS, server: server, logger: logger)
            for await event in events {
                switch event {
                case .signal(.sighup):
                    logger.notice("SIGHUP: loading the configuration again")
                    accessLog?.reopen()
                    await reloader.reload()
                case .filesChanged(let files):
                    logger.notice("files have changed", metadata: ["files": "\(files.joined(separator: " "))"])
                    await reloader.reload()
                case .signal(let signal):
                    health.enter(.draining)
                    manager.tell(.stopping)
                    await drain(server, on: signal, events: events)
                    tasks.cancelAll()
                    return
                }
            }
        }
    }

    /// Looks at the files four times a second: a change is in force within a second, and half-written files are
    /// reported as mistakes at most until the next look.
    private func watch(_ files: FileWatch, _ feed: AsyncStream<Event>.Continuation) async {
        var watched = self.watched
        var files = files
        while !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
            let changed = files.changes()
            guard !changed.isEmpty else { continue }
            feed.yield(.filesChanged(changed))
            // The files that a configuration names can be others now.
            let now = Deployment.load(file, keeping: certificates.current).watchedFiles
            if Set(now) != Set(watched), !now.isEmpty {
                watched = now
                files = FileWatch(watched)
                // Whatever changed between the two looks is in neither: look at the contents once more.
                feed.yield(.filesChanged(changed))
            }
        }
    }

    // MARK: the end

    private func drain(_ server: ProxyServer, on signal: UnixSignal, events: AsyncStream<Event>) async {
        let limit = first.timeouts.drain
        logger.notice(
            "\(signal): finishing what runs, and soon accepting nothing more",
            metadata: ["connections": "\(server.counters.activeConnections)", "deadline_ms": "\(limit)"])
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await server.drain(deadline: .now() + .milliseconds(limit))
                } catch {
                    logger.error("draining failed", metadata: ["error": "\(error)"])
                }
            }
            tasks.addTask {
                while true {
                    do { try await Task.sleep(for: .seconds(2)) } catch { return }
                    let left = server.counters
                    logger.notice(
                        "still finishing",
                        metadata: ["connections": "\(left.activeConnections)", "tunnels": "\(left.activeTunnels)"])
                }
            }
            await tasks.next()
            tasks.cancelAll()
        }
        logger.notice("done", metadata: Self.told(pages))
    }
}

extension TomboloServer {
    private static func log(_ news: UpstreamNews, _ logger: Logger) {
        switch news {
        case .putAside(let address, let reason):
            logger.warning(
                "an upstream's address is put aside for a while; the others go on",
                metadata: ["phase": "upstream", "fault": "upstream", "address": "\(address)", "reason": "\(reason)"])
        case .back(let address):
            logger.notice(
                "an upstream's address works again", metadata: ["phase": "upstream", "address": "\(address)"])
        }
    }

    /// What became of the loader in pages, for the log.
    private static func told(_ pages: PageCounters) -> Logger.Metadata {
        let skipped = pages.skipped.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: " ")
        let failed = pages.failed.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: " ")
        var metadata: Logger.Metadata = ["pages_with_loader": "\(pages.injected)"]
        if !skipped.isEmpty { metadata["pages_without_loader"] = "\(skipped)" }
        if !failed.isEmpty { metadata["pages_broken_off"] = "\(failed)" }
        return metadata
    }
}
