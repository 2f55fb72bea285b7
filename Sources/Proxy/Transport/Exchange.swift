public import HTTPWire
public import NIOCore

/// One request and its answer on a client connection.
///
/// Confined to ``eventLoop``. The transport keeps one object per connection, or per place for streams of an HTTP/2
/// connection, and uses it again for the next request, so nobody may keep a reference to it after ``Phases/done(_:_:)``.
public final class Exchange {
    /// The event loop that owns the client connection, its upstream connection and this object.
    public let eventLoop: any EventLoop
    /// The address the client connection came from, or that a proxy has told before its first byte; nil if the kernel would not say (a Unix socket).
    public internal(set) var clientAddress: SocketAddress?
    /// Whether ``clientAddress`` is the client's; false for that of a proxy which passes on somebody it does not name.
    public internal(set) var isClientKnown = true
    /// The client as text, for logs: what ``clientAddress`` says, or, where that is trusted, the last address that is not in
    /// the list of those it speaks for. Set by ``Phases`` if they know better.
    public var clientName: String?
    /// The address the client connection arrived at.
    public internal(set) var localAddress: SocketAddress?
    /// Whether the client connection is encrypted.
    public internal(set) var isSecure = false
    /// The name the client asked for when the encryption was agreed on (RFC 6066 §3), in lower case without final dot; nil
    /// on a connection that is not encrypted.
    public let serverName: String?
    /// The request's head as parsed; fields marked removed are not sent on.
    public let requestHead = RequestHead()
    /// The upstream's response head; meaningful from ``Phases/response(_:)`` on.
    public let responseHead = ResponseHead()
    /// Header lines to add to the request on its way upstream, each `Name: value` and CRLF.
    public var requestLines = ByteBuffer()
    /// Header lines to add to the answer on its way to the client, each `Name: value` and CRLF. They are also added to
    /// error pages of the transport and to a ``LocalResponse``.
    public var responseLines = ByteBuffer()
    /// When the request's head was complete.
    public internal(set) var startedAt: NIODeadline = .uptimeNanoseconds(0)
    /// The origin-form target to send upstream instead of the request's own.
    public var targetOverride: ByteBuffer?
    /// Where the request was sent, once decided.
    public internal(set) var upstream: Upstream?
    /// Whatever ``Phases`` wants to keep with the exchange; cleared after ``Phases/done(_:_:)``.
    public var context: AnyObject?
    /// The request's id for error pages and logs; nil if ``Phases`` have given it none.
    public var requestID: String? { requestIDPlace?.withBytes(in: self) { String(decoding: $0, as: UTF8.self) } }
    var requestIDPlace: IDPlace?
    /// The phase that the request has come to.
    public internal(set) var phase = RequestPhase.head
    /// Whether ``requestHead`` holds the head of this request; false as long as it has not arrived, or cannot be read.
    public internal(set) var hasHead = false
    /// Which of the upstream's addresses has the request; nil as long as none has.
    public internal(set) var upstreamSocket: SocketAddress?
    /// When the exchange got how far.
    public internal(set) var times = ExchangeTimes()
    /// Whether the client speaks HTTP/2; its request's head is that of HTTP/1.1 all the same.
    public internal(set) var isHTTP2 = false
    /// The version of TLS, as logs write it: `TLSv1.3`; nil in cleartext.
    public internal(set) var tlsVersion: String?
    /// Where the trace's id is (W3C Trace Context), for logs; set by ``Phases`` if it has one.
    var traceID: IDPlace?
    /// What the local answer that was given says of itself.
    var localFault = Outcome.Fault.none
    var localReason: String?
    /// Whether the connection has become a tunnel after a `101`.
    public internal(set) var isTunnel = false

    /// Closes the client's connection with all that is on it; to be called on the event loop. Unlike the exchange itself it
    /// may be kept: once the connection is gone it does nothing.
    public internal(set) var closeConnection: (() -> Void)?

    /// Makes an empty exchange for one connection.
    ///
    /// Tests of ``Phases`` may make their own and fill ``requestHead`` with a parser.
    public init(
        eventLoop: any EventLoop, clientAddress: SocketAddress? = nil, isSecure: Bool = false, serverName: String? = nil
    ) {
        self.eventLoop = eventLoop
        self.clientAddress = clientAddress
        self.isSecure = isSecure
        self.serverName = serverName
    }
}
