public import HTMLInjection
public import NIOCore

/// What the transport asks of the policy above it: where a request goes, and what its messages look like on the way.
///
/// The transport owns bytes, framing, connections and time limits; an implementation owns routing, sessions, headers and
/// body transforms. One object serves one client connection and is called on that connection's event loop only. It sees the
/// requests of the connection one after another; those of an HTTP/2 connection are under way side by side.
public protocol Phases: AnyObject {
    /// Phases *route*, *session* and *request*: decides where the request goes.
    ///
    /// Called once per request with its head parsed, hop-by-hop fields already marked removed and framing fields left in
    /// place (the transport writes framing itself). The implementation may remove more fields from `x.requestHead`,
    /// append lines to `x.requestLines` and set `x.targetOverride`.
    func request(_ x: Exchange) -> RequestVerdict

    /// An interim response (RFC 9110 §15.2) other than `101` is about to be passed on, its hop-by-hop fields marked removed.
    func interim(_ x: Exchange)

    /// Phase *response*: the upstream's head has arrived in `x.responseHead`, its hop-by-hop fields marked removed.
    ///
    /// Called once per upstream answer, also for `101`, never for another `1xx`. The implementation may remove fields
    /// and append lines to `x.responseLines`.
    func response(_ x: Exchange) -> ResponseVerdict

    /// Phase *body*: it is known what becomes of a transform's insertion.
    ///
    /// Called once when it is `.injected` or `.skipped`, before the response's head is written, so that the head can still
    /// say what the body will be; and once more should it become `.failed`, when the response is about to be broken off.
    func transformed(_ x: Exchange, _ outcome: InjectionOutcome)

    /// Phase *done*: the exchange is over, well or badly; called exactly once for each call of ``request(_:)``.
    func done(_ x: Exchange, _ outcome: Outcome)

    /// The transport has refused a request before ``request(_:)`` could be asked: its head did not come in time, cannot be
    /// read (``Exchange/hasHead`` is false then), or asks for what is not offered.
    func refused(_ x: Exchange, _ outcome: Outcome)

    /// The connection is idle, and others are not: what is only kept to be quick with its next request can go.
    func letGo()

    /// The answer to a mistake the transport found: a head that cannot be parsed, an upstream that cannot be reached, a
    /// time limit. Returning `nil` takes the transport's own page (``ErrorPages``), which the default does.
    func failure(_ x: Exchange, _ failure: TransportFailure) -> LocalResponse?
}

extension Phases {
    /// Leaves the head as it is.
    public func interim(_ x: Exchange) {}

    /// Leaves the head as it is.
    public func transformed(_ x: Exchange, _ outcome: InjectionOutcome) {}

    /// Has nothing to let go of.
    public func letGo() {}

    /// Takes no notice.
    public func refused(_ x: Exchange, _ outcome: Outcome) {}

    /// Takes the transport's own page.
    public func failure(_ x: Exchange, _ failure: TransportFailure) -> LocalResponse? { nil }
}

/// What ``Phases/request(_:)`` decides.
public enum RequestVerdict {
    /// Send the request to this upstream.
    case forward(Upstream)
    /// Answer it here; its body, if any, is drained within limits or the connection closed.
    case respond(LocalResponse)
    /// Collect the whole body, at most `limit` bytes (more answers 413), then answer with what the closure's future
    /// delivers. The future must belong to the exchange's event loop or may be of any other; a failed one answers 500.
    case collectBody(limit: Int, then: (ByteBuffer) -> EventLoopFuture<LocalResponse>)
    /// The verdict comes later, a store is being asked. A failed future answers 503.
    case later(EventLoopFuture<RequestVerdict>)
}

/// What ``Phases/response(_:)`` decides.
public enum ResponseVerdict {
    /// Send the upstream's answer on, its body through `transform` if there is one.
    ///
    /// The transform is dropped where there is no body to transform (HEAD, 204, 304, 101).
    case forward(transform: (any BodyTransform)?)
    /// Drop the upstream's answer and give this one instead.
    case respond(LocalResponse)
    /// The verdict comes later. A failed future answers 503 and drops the upstream's answer.
    case later(EventLoopFuture<ResponseVerdict>)
}

/// An answer that is made here and not by an upstream.
public struct LocalResponse: Sendable {
    /// The status code, 200 to 599.
    public var status: Int
    /// Complete header lines, each ended by CRLF, without `Content-Length`, `Transfer-Encoding`, `Date` and `Connection`.
    public var lines: ByteBuffer
    /// The body; a HEAD request gets its length only.
    public var body: ByteBuffer
    /// Whose mistake it tells of, `.none` for none.
    public var fault = Outcome.Fault.none
    /// A short stable word for that mistake; nil if there is none.
    public var reason: String?

    /// Makes an answer; `lines` as described at ``lines``.
    public init(status: Int, lines: ByteBuffer = ByteBuffer(), body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.lines = lines
        self.body = body
    }
}

/// How an exchange ended, for logs and metrics.
public struct Outcome: Sendable, Equatable {
    /// Whose mistake it was that an exchange went wrong.
    public enum Fault: String, Sendable {
        case none, client, upstream, store, `self`
    }
    /// The status the client was sent; 0 if the exchange ended before a head was written.
    public var status: Int
    /// Body bytes received from the client, without framing.
    public var bytesIn: Int
    /// Body bytes sent to the client, without framing; for a tunnel all bytes after the head.
    public var bytesOut: Int
    /// Whose fault a failure was, `.none` for none.
    public var fault: Fault
    /// From the arrival of the complete request head to the end of the exchange.
    public var duration: TimeAmount
    /// Whether the client got a complete message.
    public var isComplete: Bool
    /// A short stable word for what went wrong, e.g. `connect_refused`, `response_timeout`; nil if nothing did.
    public var reason: String?

    /// Makes an outcome from its parts.
    public init(
        status: Int, bytesIn: Int = 0, bytesOut: Int = 0, fault: Fault = .none, duration: TimeAmount = .zero,
        isComplete: Bool = true, reason: String? = nil
    ) {
        self.status = status
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.fault = fault
        self.duration = duration
        self.isComplete = isComplete
        self.reason = reason
    }
}
