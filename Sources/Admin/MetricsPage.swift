public import CrossDomain
internal import HTMLInjection
public import Metrics
internal import NIOCore
public import Proxy
public import SessionStores
public import TLS

/// Everything that is counted, and where. What is counted by name is shown by that name, so that a new limit, reason or
/// outcome needs no change here.
public struct MetricsSources: Sendable {
    let version: String
    let server: ProxyServer
    let requests: RequestMetrics
    let pages: PageCounters
    let ladder: LadderMetrics
    let store: StoreMetrics
    let cache: RecordCache
    let certificates: CertificateTable
    let tlsFailures: LabelledCounters
    let reloads: ReloadMetrics
    let accessLog: AccessLog?

    /// - Parameters:
    ///   - version: of the program.
    ///   - server: the public listeners.
    ///   - tlsFailures: handshakes that came to nothing, by ``TLSFailure/code``.
    ///   - accessLog: nil if there is none.
    public init(
        version: String, server: ProxyServer, requests: RequestMetrics, pages: PageCounters, ladder: LadderMetrics,
        store: StoreMetrics, cache: RecordCache, certificates: CertificateTable, tlsFailures: LabelledCounters,
        reloads: ReloadMetrics, accessLog: AccessLog?
    ) {
        self.version = version
        self.server = server
        self.requests = requests
        self.pages = pages
        self.ladder = ladder
        self.store = store
        self.cache = cache
        self.certificates = certificates
        self.tlsFailures = tlsFailures
        self.reloads = reloads
        self.accessLog = accessLog
    }
}

/// `/metrics`. Every family is explained in `docs/metrics.md`.
struct MetricsPage: Sendable {
    let sources: MetricsSources

    func response(as format: Exposition.Format) async -> LocalResponse {
        let text = await page(format)
        return LocalResponse(
            status: 200, lines: ByteBuffer(string: "Content-Type: \(format.contentType)\r\n\(LocalResponse.own)"),
            body: ByteBuffer(string: text))
    }

    func page(_ format: Exposition.Format) async -> String {
        var out = Exposition(format)
        writeRequests(&out)
        writeConnections(&out)
        await writePools(&out)
        writePages(&out)
        writeSessions(&out)
        writeStore(&out)
        writeOperation(&out)
        writeProcess(&out)
        return out.finished()
    }

    // MARK: Requests

    private func writeRequests(_ out: inout Exposition) {
        let domains = sources.requests.all
        let all = { (value: (DomainMetrics) -> Int) in
            domains.map { ([(name: "domain", value: $0.name)], value($0.metrics)) }
        }
        out.counter(
            "tombolo_requests", "Requests that are over, by domain and class of the status they were answered with.",
            domains.flatMap { entry in
                DomainMetrics.Count.allCases.compactMap { count in
                    count.statusClass.map {
                        ([("domain", entry.name), ("code", $0)], entry.metrics.total(count))
                    }
                }
            })
        out.counter(
            "tombolo_request_failures",
            "Requests that failed, by the phase they had come to, whose fault it was and why.",
            domains.flatMap { entry in
                entry.metrics.failures.samples("phase", "fault", "reason").map {
                    ([("domain", entry.name)] + $0.0, $0.1)
                }
            })
        out.histogram(
            "tombolo_request_duration_seconds", "From the arrival of a request's head to the end of its answer.",
            domains.map { ([("domain", $0.name)], $0.metrics.duration) })
        out.histogram(
            "tombolo_upstream_first_byte_seconds",
            "From the decision on the upstream to the first byte of its answer, waiting for a connection included.",
            domains.map { ([("domain", $0.name)], $0.metrics.firstByte) })
        out.counter(
            "tombolo_request_body_bytes", "Bytes of bodies received from clients, without framing.",
            all { $0.total(.bytesIn) })
        out.counter(
            "tombolo_response_body_bytes", "Bytes of bodies sent to clients, without framing.",
            all { $0.total(.bytesOut) })
    }

    // MARK: Connections

    private func writeConnections(_ out: inout Exposition) {
        let counters = sources.server.counters
        out.counter("tombolo_connections_accepted", "Client connections accepted.", counters.connections)
        out.gauge("tombolo_connections_active", "Client connections open.", counters.activeConnections)
        out.gauge("tombolo_tunnels_active", "WebSockets and other upgraded connections open.", counters.activeTunnels)
        out.counter("tombolo_http2_connections", "Client connections that speak HTTP/2.", counters.http2.connections)
        out.counter("tombolo_http2_streams", "Streams on them.", counters.http2.streams)
        out.counter(
            "tombolo_http2_stream_errors", "Streams that were reset for a mistake of the client's.",
            counters.http2.streamErrors)
        out.counter(
            "tombolo_http2_connection_errors", "HTTP/2 connections that ended with an error.",
            counters.http2.connectionErrors)
        out.counter(
            "tombolo_limit_hits", "How often somebody ran into a limit.",
            Limit.allCases.map { ([("limit", $0.name)], counters[$0]) })
        out.counter(
            "tombolo_proxy_headers_refused", "Connections closed for want of a PROXY header that may be believed.",
            counters.refusedProxyHeaders)
        out.counter(
            "tombolo_tls_handshakes", "TLS handshakes by outcome.",
            [([("outcome", "ok")], counters.handshakes)] + sources.tlsFailures.samples("outcome"))
        out.counter(
            "tombolo_upstream_connects", "Attempts to connect to an upstream.",
            [
                ([("outcome", "ok")], counters.upstreamConnections),
                ([("outcome", "refused")], counters.upstreamRefused),
                ([("outcome", "timeout")], counters.upstreamConnectTimeouts),
                ([("outcome", "handshake")], counters.upstreamHandshakeFailures),
                ([("outcome", "unreachable")], counters.upstreamUnreachable),
            ])
        out.counter(
            "tombolo_upstream_failovers", "Attempts to connect to another address after one had failed.",
            counters.upstreamFailovers)
        out.counter(
            "tombolo_upstream_addresses_put_aside", "How often an address of several was put aside for its failures.",
            counters.upstreamsPutAside)
        out.counter(
            "tombolo_upstream_addresses_back", "How often an address that had been put aside was found to work again.",
            counters.upstreamsBack)
        out.counter(
            "tombolo_upstream_name_failures", "How often the name of an upstream could not be looked up.",
            counters.upstreamNameFailures)
        out.counter(
            "tombolo_upstream_reuses", "Requests sent on an upstream's connection that had been used before.",
            counters.upstreamReuses)
        out.counter("tombolo_upstream_retries", "Requests sent a second time.", counters.retries)
    }

    /// Asks every event loop; without an answer these are left out, and the rest of the page is there all the same.
    private func writePools(_ out: inout Exposition) async {
        let answer = await within(.seconds(2)) { [server = sources.server] () async -> Held? in
            do {
                return Held(pools: try await server.pools(), bytes: try await server.heldBytes())
            } catch {
                // The loops have been shut down: there is nothing any more.
                return nil
            }
        }
        guard case let found?? = answer else { return }
        out.gauge(
            "tombolo_upstream_connections", "Connections to upstreams.",
            found.pools.flatMap { pool in
                [
                    ([("upstream", pool.upstream), ("state", "active")], pool.occupancy.open - pool.occupancy.idle),
                    ([("upstream", pool.upstream), ("state", "idle")], pool.occupancy.idle),
                ]
            })
        out.gauge(
            "tombolo_upstream_waiting_requests", "Requests for which no connection to their upstream is free.",
            found.pools.map { ([("upstream", $0.upstream)], $0.occupancy.waiting) })
        out.gauge(
            "tombolo_held_bytes", "Bytes held for clients: received and not yet read, or written and not yet sent.",
            found.bytes)
    }

    /// What the event loops hold.
    private struct Held: Sendable {
        var pools: [(upstream: String, occupancy: PoolOccupancy)]
        var bytes: Int
    }

    // MARK: Pages

    private func writePages(_ out: inout Exposition) {
        let (skipped, failed) = (sources.pages.skipped, sources.pages.failed)
        out.counter("tombolo_pages_injected", "Pages that got the loader.", sources.pages.injected)
        out.counter(
            "tombolo_pages_skipped", "HTML that was left as it was, by reason.",
            InjectionSkip.allCases.filter { $0 != .mediaType }.map { ([("reason", $0.rawValue)], skipped[$0] ?? 0) })
        out.counter(
            "tombolo_pages_failed", "Pages that were broken off after the loader was in, by reason.",
            InjectionFailure.allCases.map { ([("reason", $0.rawValue)], failed[$0] ?? 0) })
    }

    // MARK: Sessions

    private func writeSessions(_ out: inout Exposition) {
        let ladder = sources.ladder
        out.counter(
            "tombolo_handshakes", "Legs of handshakes between domains, by what they came to.",
            ladder.handshakes.samples("group", "step", "outcome"))
        out.counter(
            "tombolo_checks", "The loader's questions, by what was answered.",
            ladder.checks.samples("group", "step", "outcome"))
        out.counter(
            "tombolo_arrivals", "Visits with a ticket in the address, by what became of it.",
            ladder.arrivals.samples("group", "outcome"))
        out.counter(
            "tombolo_merges", "Comparisons of two sessions, by what became of them.",
            ladder.merges.samples("group", "outcome"))
    }

    private func writeStore(_ out: inout Exposition) {
        out.counter(
            "tombolo_store_operations", "Operations of the session store.",
            sources.store.outcomes.samples("operation", "outcome"))
        out.histogram(
            "tombolo_store_operation_duration_seconds", "How long operations of the session store took.",
            StoreMetrics.Operation.allCases.map {
                ([("operation", $0.rawValue)], sources.store.duration(of: $0))
            })
        let cache = sources.cache.statistics
        out.counter("tombolo_record_cache_hits", "Records found in the cache.", cache.hits)
        out.counter("tombolo_record_cache_misses", "Records that the store had to be asked for.", cache.misses)
        out.counter("tombolo_record_cache_evictions", "Records that had to make room for others.", cache.evictions)
        out.gauge("tombolo_record_cache_entries", "Records in the cache.", cache.entries)
    }

    // MARK: Operation

    private func writeOperation(_ out: inout Exposition) {
        let reloads = sources.reloads.values
        out.counter(
            "tombolo_configuration_reloads", "Attempts to put a changed configuration in force.",
            [([("outcome", "ok")], reloads.succeeded), ([("outcome", "failed")], reloads.failed)])
        out.gauge(
            "tombolo_configuration_last_success_timestamp_seconds", "When the configuration in force was loaded.",
            reloads.lastSuccess)
        out.gauge(
            "tombolo_certificate_not_after_timestamp_seconds", "When a certificate ends.",
            sources.certificates.current.all.map { certificate in
                let name = certificate.names.first.map { "\($0)" } ?? ""
                return ([("file", certificate.file), ("name", name)], certificate.validity.upperBound)
            })
        if let lines = sources.accessLog?.lines {
            out.counter(
                "tombolo_access_log_lines", "Lines of the access log.",
                [
                    ([("outcome", "written")], lines.written), ([("outcome", "dropped")], lines.dropped),
                    ([("outcome", "failed")], lines.failed),
                ])
        }
    }

    private func writeProcess(_ out: inout Exposition) {
        out.gauge("tombolo_build_info", "Always 1.", [([("version", sources.version)], 1)])
        let process = ProcessStatistics()
        out.counter("process_cpu_seconds", "Processor time used.", process.cpuSeconds)
        let gauges: [(String, String, Int?)] = [
            ("process_resident_memory_bytes", "Memory in use.", process.residentBytes),
            ("process_virtual_memory_bytes", "Address space in use.", process.virtualBytes),
            ("process_open_fds", "File descriptors open.", process.openDescriptors),
            ("process_max_fds", "Most file descriptors that may be open.", process.maxDescriptors),
        ]
        for case let (name, help, value?) in gauges { out.gauge(name, help, value) }
        if let start = process.startSeconds {
            out.gauge("process_start_time_seconds", "When the process started, as Unix time.", start)
        }
    }
}
