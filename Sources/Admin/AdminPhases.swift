internal import CrossDomain
internal import HTTPWire
internal import NIOCore
internal import Proxy

/// The requests on one connection of the internal listener: all are answered here.
final class AdminPhases: Phases {
    private let eventLoop: any EventLoop
    private let health: Health
    private let metrics: MetricsPage

    init(eventLoop: any EventLoop, health: Health, metrics: MetricsPage) {
        self.eventLoop = eventLoop
        self.health = health
        self.metrics = metrics
    }

    /// What there is.
    enum Path: String, CaseIterable {
        case startup = "/startupz"
        case ready = "/readyz"
        case health = "/healthz"
        case metrics = "/metrics"
    }

    func request(_ x: Exchange) -> RequestVerdict {
        guard isForUs(x) else {
            return .respond(.text(421, "This listener answers to localhost and IP addresses only.\n"))
        }
        guard let path = Path(rawValue: x.requestHead.string(x.requestHead.path)) else {
            let paths = Path.allCases.map { "\($0.rawValue)\n" }.joined()
            return .respond(.text(404, "There is nothing at this path. There are:\n\(paths)"))
        }
        guard x.requestHead.knownMethod == .get || x.requestHead.knownMethod == .head else {
            return .respond(.text(405, "Only GET and HEAD are answered here.\n", "Allow: GET, HEAD\r\n"))
        }
        let isOpenMetrics = x.requestHead.string(.accept)?.contains("application/openmetrics-text") ?? false
        return .later(
            eventLoop.makeFutureWithTask { [health, metrics] in
                switch path {
                case .startup: .report(health.started())
                case .ready: .report(await health.ready())
                case .health: .report(await health.alive())
                case .metrics: await metrics.response(as: isOpenMetrics ? .openMetrics : .prometheus)
                }
            }.map { .respond($0) })
    }

    func response(_ x: Exchange) -> ResponseVerdict { .forward(transform: nil) }

    func done(_ x: Exchange, _ outcome: Outcome) {}

    /// A page of a stranger's can let a name of theirs lead to 127.0.0.1 and have a browser on this machine ask (DNS
    /// rebinding): the browser then names that name. No browser comes through a Unix socket.
    private func isForUs(_ x: Exchange) -> Bool {
        if case .unixDomainSocket? = x.localAddress { return true }
        let name = x.requestHead.string(x.requestHead.hostName).lowercased()
        if name.isEmpty || name == "localhost" || name.hasSuffix(".localhost") { return true }
        let bare = name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name
        return (try? SocketAddress(ipAddress: bare, port: 0)) != nil
    }
}

extension LocalResponse {
    /// A few words.
    fileprivate static func text(_ status: Int, _ text: String, _ lines: String = "") -> LocalResponse {
        LocalResponse(
            status: status, lines: ByteBuffer(string: "Content-Type: text/plain; charset=utf-8\r\n\(own)\(lines)"),
            body: ByteBuffer(string: text))
    }

    /// 200, or 503 with what is the matter.
    fileprivate static func report(_ report: Health.Report) -> LocalResponse {
        let reasons = report.reasons.map { JSONText.quoted($0) }.joined(separator: ",")
        let body =
            report.isGood ? "{\"status\":\"ok\"}\n" : "{\"status\":\"unavailable\",\"reasons\":[\(reasons)]}\n"
        return LocalResponse(
            status: report.isGood ? 200 : 503, lines: ByteBuffer(string: "Content-Type: application/json\r\n\(own)"),
            body: ByteBuffer(string: body))
    }

    static let own = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
}
