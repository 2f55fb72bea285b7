import Metrics

/// What the data plane has counted since it was started. Gauges (`active…`, `idle…`) may go down.
public struct TransportCounters: Sendable, Equatable {
    /// Client connections accepted.
    public var connections = 0
    /// Client connections refused because they did not begin with the PROXY header that they owe, or came from somebody who
    /// may not send one.
    public var refusedProxyHeaders = 0
    /// TLS handshakes that were completed.
    public var handshakes = 0
    /// Client connections open now.
    public var activeConnections = 0
    /// Requests handed to phases.
    public var requests = 0
    /// Responses by the first digit of the status, 1 (only 101) to 5 at indices 1 to 5; index 0 counts exchanges that
    /// ended without a response head.
    public var responses = [Int](repeating: 0, count: 6)
    /// Body bytes received from and sent to clients.
    public var bytesIn = 0, bytesOut = 0
    /// Upstream connections opened, requests sent on one that had been used before, and requests sent twice.
    public var upstreamConnections = 0, upstreamReuses = 0, retries = 0
    /// Attempts to connect that failed, in all; and by kind: refused, not accepted in time, no TLS agreed on, otherwise.
    public var upstreamConnectFailures = 0, upstreamRefused = 0, upstreamConnectTimeouts = 0
    /// See ``upstreamConnectFailures``.
    public var upstreamHandshakeFailures = 0, upstreamUnreachable = 0
    /// Attempts to connect that went to another address after one had failed.
    public var upstreamFailovers = 0
    /// Times that a loop put an address of several aside, and that it found it working again.
    public var upstreamsPutAside = 0, upstreamsBack = 0
    /// Times that the name of an upstream could not be looked up.
    public var upstreamNameFailures = 0
    /// Upstream connections open now, idle ones included.
    public var activeUpstreamConnections = 0
    /// Tunnels open now.
    public var activeTunnels = 0
    /// HTTP/2 on the front.
    public var http2 = HTTP2()
    private var limits = [Int](repeating: 0, count: Limit.allCases.count)

    /// What happens on HTTP/2 connections.
    public struct HTTP2: Sendable, Equatable {
        /// Connections, and streams on them.
        public var connections = 0, streams = 0
        /// Streams that were reset for a mistake of the client's, and connections that ended with an error.
        public var streamErrors = 0, connectionErrors = 0
    }

    init() {}

    /// How often somebody ran into a limit.
    public internal(set) subscript(_ limit: Limit) -> Int {
        get { limits[limit.rawValue] }
        set { limits[limit.rawValue] = newValue }
    }
}

/// The counters of one event loop: written there, read anywhere.
final class LoopCounters: Sendable {
    /// An index into the counters.
    enum Counter: Int, CaseIterable {
        case connections, refusedProxyHeaders, handshakes, activeConnections, requests
        case response0, response1, response2, response3, response4, response5
        case bytesIn, bytesOut
        case upstreamConnections, upstreamReuses, retries, upstreamConnectFailures, activeUpstreamConnections
        case upstreamRefused, upstreamConnectTimeouts, upstreamHandshakeFailures, upstreamUnreachable
        case upstreamFailovers, upstreamsPutAside, upstreamsBack, upstreamNameFailures
        case http2Connections, http2Streams, http2StreamErrors, http2ConnectionErrors, activeTunnels
    }

    private let cells = CounterArray(count: Counter.allCases.count)
    private let limits = CounterArray(count: Limit.allCases.count)

    func add(_ counter: Counter, _ amount: Int = 1) { cells.add(counter.rawValue, amount) }

    func hit(_ limit: Limit) { limits.add(limit.rawValue) }

    /// Counts a client connection that is closed without an answer.
    func addRefusal(_ refusal: ConnectionRefusal) {
        if let limit = refusal.limit { hit(limit) }
        switch refusal {
        case .tooMany, .tooManyOfAddress: break
        case .untrustedProxy, .proxyHeader, .proxyHeaderTimeout, .proxyHeaderCutOff: add(.refusedProxyHeaders)
        }
    }

    func addResponse(status: Int) {
        let digit = status / 100
        add(Counter(rawValue: Counter.response0.rawValue + (1...5 ~= digit ? digit : 0)) ?? .response0)
    }

    func addConnectFailure(_ failure: TransportFailure) {
        add(.upstreamConnectFailures)
        switch failure {
        case .connectTimeout: add(.upstreamConnectTimeouts)
        case .handshakeFailed: add(.upstreamHandshakeFailures)
        case .connectFailed where failure.isRefusal: add(.upstreamRefused)
        default: add(.upstreamUnreachable)
        }
    }

    func add(to sum: inout TransportCounters) {
        func value(_ counter: Counter) -> Int { cells[counter.rawValue] }
        sum.connections &+= value(.connections)
        sum.refusedProxyHeaders &+= value(.refusedProxyHeaders)
        sum.handshakes &+= value(.handshakes)
        sum.activeConnections &+= value(.activeConnections)
        sum.requests &+= value(.requests)
        let responses: [Counter] = [.response0, .response1, .response2, .response3, .response4, .response5]
        for (index, counter) in responses.enumerated() { sum.responses[index] &+= value(counter) }
        sum.bytesIn &+= value(.bytesIn)
        sum.bytesOut &+= value(.bytesOut)
        sum.upstreamConnections &+= value(.upstreamConnections)
        sum.upstreamReuses &+= value(.upstreamReuses)
        sum.retries &+= value(.retries)
        sum.upstreamConnectFailures &+= value(.upstreamConnectFailures)
        sum.upstreamRefused &+= value(.upstreamRefused)
        sum.upstreamConnectTimeouts &+= value(.upstreamConnectTimeouts)
        sum.upstreamHandshakeFailures &+= value(.upstreamHandshakeFailures)
        sum.upstreamUnreachable &+= value(.upstreamUnreachable)
        sum.upstreamFailovers &+= value(.upstreamFailovers)
        sum.upstreamsPutAside &+= value(.upstreamsPutAside)
        sum.upstreamsBack &+= value(.upstreamsBack)
        sum.upstreamNameFailures &+= value(.upstreamNameFailures)
        sum.activeUpstreamConnections &+= value(.activeUpstreamConnections)
        sum.activeTunnels &+= value(.activeTunnels)
        sum.http2.connections &+= value(.http2Connections)
        sum.http2.streams &+= value(.http2Streams)
        sum.http2.streamErrors &+= value(.http2StreamErrors)
        sum.http2.connectionErrors &+= value(.http2ConnectionErrors)
        for limit in Limit.allCases { sum[limit] &+= limits[limit.rawValue] }
    }
}
