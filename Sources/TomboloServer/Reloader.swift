internal import Admin
internal import Configuration
internal import Logging
internal import Proxy
internal import Sessions
internal import TLS

/// Puts a changed configuration in force without touching a connection; a mistake leaves the running one as it is.
struct Reloader {
    let file: String
    /// The configuration at the start, by which stores are opened and limits set.
    let bound: Configuration
    var running: Configuration
    let workshop: Workshop
    let routes: RouteTable
    let certificates: CertificateTable
    let metrics: ReloadMetrics
    var listeners: Listeners
    let manager: ServiceManager
    var upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS]
    let server: ProxyServer
    let logger: Logger

    /// Loads everything again. Requests that are being served end under the routes they began with.
    mutating func reload() async {
        manager.tell(.reloading)
        await load()
        let domains = running.groups.reduce(0) { $0 + $1.domains.count }
        manager.tell(.ready(status: "serving \(domains) domains"))
    }

    private mutating func load() async {
        switch Deployment.load(file, keeping: certificates.current, upstreamTLS, http2: bound.listen.http2).result {
        case .failure(let mistakes):
            metrics.failed()
            for mistake in mistakes.issues {
                logger.error("\(mistake)", metadata: ["phase": "reload"])
            }
            logger.error(
                "the configuration has mistakes: what was running goes on unchanged",
                metadata: ["phase": "reload", "mistakes": "\(mistakes.issues.count)"])
        case .success(let deployment):
            let next = deployment.configuration
            let keys: KeyRing
            do {
                keys = try Workshop.keyRing(next, logger: logger)
            } catch {
                metrics.failed()
                logger.error("\(error)", metadata: ["phase": "reload"])
                logger.error(
                    "the keys cannot be read: what was running goes on unchanged", metadata: ["phase": "reload"])
                return
            }
            let change: Listeners.Change
            do {
                change = try listeners.prepare(next.listen)
            } catch {
                metrics.failed()
                logger.error("\(error)", metadata: ["phase": "reload"])
                logger.error(
                    "the new listeners cannot be had: what was running goes on unchanged", metadata: ["phase": "reload"]
                )
                return
            }
            let renewed = deployment.certificates.all.filter { new in
                !certificates.current.all.contains { $0 === new }
            }
            certificates.replace(deployment.certificates)
            upstreamTLS = deployment.upstreamTLS
            let new = workshop.routes(for: next, upstreamTLS, keys: keys)
            routes.replace(new)
            server.keepUpstreams(new.upstreams)
            workshop.requests.keep(only: Set(next.groups.flatMap(\.domains).map(\.pattern.description)))
            do {
                try await listeners.apply(change)
                metrics.succeeded(now: Workshop.clock().seconds)
            } catch {
                metrics.failed()
                logger.error("\(error)", metadata: ["phase": "reload"])
            }
            report(next, deployment, renewed)
            for warning in deployment.warnings { logger.warning("\(warning)", metadata: ["phase": "reload"]) }
            running = next
        }
    }

    private func report(_ next: Configuration, _ deployment: Deployment, _ renewed: [Certificate]) {
        let names = { (configuration: Configuration) in
            Set(configuration.groups.flatMap(\.domains).map(\.pattern.description))
        }
        let before = names(running)
        let after = names(next)
        logger.notice(
            "the configuration is in force",
            metadata: [
                "phase": "reload", "domains": "\(after.count)",
                "added": "\(after.subtracting(before).sorted().joined(separator: " "))",
                "removed": "\(before.subtracting(after).sorted().joined(separator: " "))",
                "new_certificates": "\(renewed.map(\.file).joined(separator: " "))",
            ])
        let needsRestart = [
            ("[listen] http2", deployment.wantsHTTP2 != bound.listen.http2),
            ("[listen] reuse_port", next.listen.reusePort != bound.listen.reusePort),
            ("[listen] unix_mode", next.listen.unixMode != bound.listen.unixMode),
            ("[internal]", next.internalListener != bound.internalListener), ("[store]", next.store != bound.store),
            ("[limits]", next.limits != bound.limits), ("[log]", next.log != bound.log),
            ("[timeouts] other than those of upstreams", Self.ofClients(next) != Self.ofClients(bound)),
            // Of a body's trailers, these names are taken out wherever it goes.
            ("[group.headers]", !Set(Self.headers(next)).isSubset(of: Self.headers(bound))),
        ].filter(\.1).map(\.0)
        if !needsRestart.isEmpty {
            logger.warning(
                "these changes take effect at the next start: \(needsRestart.joined(separator: ", "))",
                metadata: ["phase": "reload"])
        }
    }

    /// The times that the server was started with; those that a domain's upstream has come with its routes.
    private static func ofClients(_ configuration: Configuration) -> Configuration.Timeouts {
        var timeouts = configuration.timeouts
        let defaults = Configuration.Timeouts()
        timeouts.upstreamConnect = defaults.upstreamConnect
        timeouts.upstreamResponse = defaults.upstreamResponse
        timeouts.upstreamIdle = defaults.upstreamIdle
        return timeouts
    }

    private static func headers(_ configuration: Configuration) -> [String] {
        configuration.groups.flatMap(\.headers.all)
    }
}
