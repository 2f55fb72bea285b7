internal import NIOCore

/// Who is told of requests that are over.
public struct RequestObserver: Sendable {
    let metrics: RequestMetrics
    let accessLog: AccessLog?

    /// - Parameters:
    ///   - metrics: counts them.
    ///   - accessLog: writes a line for each; nil for none.
    public init(metrics: RequestMetrics, accessLog: AccessLog? = nil) {
        self.metrics = metrics
        self.accessLog = accessLog
    }
}

/// Phase *done*, for numbers and the access log.
extension SessionPhases {
    public func refused(_ x: Exchange, _ outcome: Outcome) { observe(x, outcome) }

    public func failure(_ x: Exchange, _ failure: TransportFailure) -> LocalResponse? {
        if let context = x.context as? RequestContext, context.isTimed { ServerTiming.write(x, now: eventLoop.now) }
        return nil
    }

    func observe(_ x: Exchange, _ outcome: Outcome) {
        let route = (x.context as? RequestContext)?.route
        (route?.metrics ?? observer.metrics.unknown).record(x, outcome, on: loopIndex)
        guard let log = observer.accessLog, log.wants(x) else { return }
        log.lane(on: eventLoop)?.write(
            AccessLogEntry(
                x: x, outcome: outcome, client: forwarding?.clientIP ?? x.clientAddress?.ipAddress ?? "127.0.0.1",
                domain: route?.name, ticketParameters: routes.current.ticketParameters))
    }
}
