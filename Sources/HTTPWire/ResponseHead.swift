public import NIOCore

/// The head of a response (RFC 9112 §4), read in place and edited by ranges. Make one per connection and reuse it.
///
/// Where the body is framed ``BodyFraming/untilClose`` there is no message after it, whatever ``MessageHead/keepAlive`` says.
public final class ResponseHead: MessageHead {
    /// The status code, 100…599.
    public internal(set) var status = 0

    /// Where the reason phrase is; may be empty.
    public internal(set) var reason: Range<Int> = 0..<0

    /// How the body ends if the request's method and the status allow one: see ``bodyFraming(for:)``.
    public internal(set) var framing = BodyFraming.none

    /// Whether this is a 101 (Switching Protocols) that names the protocol (RFC 9110 §7.8). A 101 for which this is false
    /// has broken the rules, and switches to nothing.
    public internal(set) var upgrade = false

    /// Whether this is a 426 (Upgrade Required) that names the protocol, as it must (RFC 9110 §15.5.22). Its `Upgrade` is
    /// meant for the client, which could not know otherwise what it is asked for.
    public internal(set) var requiresUpgrade = false

    /// An empty head, to be parsed into.
    public override init() {}

    /// How the body of this response to a request with `method` ends (RFC 9112 §6.3).
    ///
    /// There is none after HEAD, with a 1xx, 204 or 304 status, and after a 2xx to CONNECT, whose connection is a tunnel
    /// from then on.
    public func bodyFraming(for method: Method) -> BodyFraming {
        if method == .head || !statusAllowsBody { return .none }
        if method == .connect, 200..<300 ~= status { return .none }
        return framing
    }

    /// Takes out what concerns this connection only: see ``MessageHead/removeHopByHop(keepsUpgrade:)``. `Upgrade` stays
    /// if ``upgrade`` or ``requiresUpgrade`` is true; the caller then adds its own `Connection: Upgrade`.
    public func removeHopByHop() { removeHopByHop(keepsUpgrade: upgrade || requiresUpgrade) }

    /// Appends the status line and the remaining fields, **without the empty line**, so that the caller can add lines. The
    /// version is always HTTP/1.1.
    public func writeHead(into buffer: inout ByteBuffer) {
        if version == .http11 {
            writeLines(from: 0, into: &buffer)
            return
        }
        buffer.writeStaticString("HTTP/1.1")
        withBytes(8..<max(8, lineEnd)) { _ = buffer.writeBytes($0) }
        writeLines(from: lineEnd, into: &buffer)
    }

    var statusAllowsBody: Bool { status >= 200 && status != 204 && status != 304 }

    public override func reset() {
        super.reset()
        status = 0
        reason = 0..<0
        framing = .none
        upgrade = false
        requiresUpgrade = false
    }
}
