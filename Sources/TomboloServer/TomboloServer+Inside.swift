internal import Admin
internal import Configuration
internal import Logging
internal import NIOCore
internal import Proxy
internal import Sessions
internal import TLS

/// What an operator sees of the running program: the internal listener and the access log.
extension TomboloServer {
    /// Opens the access log; nil if none is wanted.
    func accessLog(on loops: any EventLoopGroup) throws(StartFailure) -> AccessLog? {
        let settings = first.log.access
        guard settings.paths != .nowhere else { return nil }
        do {
            return try AccessLog(settings, group: loops, logger: logger)
        } catch {
            throw StartFailure(
                """
                the access log: \(error)
                    Its folder must exist, and Tombolo's user be allowed to write there. Change [log] access_path in \
                \(file), or write access_path = "stdout".
                """)
        }
    }

    /// What the internal listener shows.
    func sources(of server: ProxyServer, _ accessLog: AccessLog?) -> MetricsSources {
        MetricsSources(
            version: Self.version, server: server, requests: workshop.requests, pages: pages, ladder: workshop.ladder,
            store: workshop.storeMetrics, cache: workshop.cache, certificates: certificates, tlsFailures: tlsFailures,
            reloads: reloads, accessLog: accessLog)
    }

    /// Warns daily of certificates that end soon, for nothing else happens where renewing has failed.
    func warnOfCertificates() async {
        while true {
            do { try await Task.sleep(for: .seconds(86_400)) } catch { return }
            for warning in certificates.current.warnings(at: Workshop.clock().seconds) {
                logger.warning("\(warning)", metadata: ["phase": "handshake"])
            }
        }
    }

    /// Opens one address of the internal listener.
    func listen(_ inside: InternalServer, _ address: ListenAddress) async throws(StartFailure) {
        do {
            let bound = try await inside.bind(
                to: Listeners.socketAddress(address), sharing: first.listen.reusePort)
            logger.notice("listening", metadata: ["address": "\(bound.described(scheme: "internal"))"])
        } catch {
            throw StartFailure(listeningOn: address, error, key: "[internal] listen", file: file)
        }
    }
}
