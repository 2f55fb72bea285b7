public import NIOCore

/// The head of a request (RFC 9112 §3), read in place and edited by ranges.
///
/// Make one per connection and hand it to ``RequestHeadParser/parse(_:into:)`` again and again. Everything in it has been
/// checked: the field names, the values, the host and the framing can be relied upon.
public final class RequestHead: MessageHead {
    /// Where the method is.
    public internal(set) var method: Range<Int> = 0..<0

    /// Which method it is.
    public internal(set) var knownMethod = Method.other

    /// Where the request target is, exactly as it came: visible ASCII without `#` (RFC 9112 §3.2).
    public internal(set) var target: Range<Int> = 0..<0

    /// Where the path of the target is, without the query. Begins with `/`, or is `*` (asterisk-form); empty in
    /// authority-form and in an absolute-form without path.
    public internal(set) var path: Range<Int> = 0..<0

    /// Where the query of the target is, without its `?`; nil if there is no `?`.
    public internal(set) var query: Range<Int>?

    /// Whether the target is a whole URI (RFC 9112 §3.2.2). It is written in origin-form then.
    public internal(set) var isAbsoluteForm = false

    /// Whether the target is a whole URI with the scheme `https`. Such a resource may only be served to a client whose
    /// connection to us, or to a proxy that we trust, was secured (RFC 9110 §7.4).
    public internal(set) var isHTTPSTarget = false

    /// Where the authority of the request is: `Host`, or the target's in absolute-form and authority-form (CONNECT).
    /// Empty only in HTTP/1.0. Letters, digits, `-._`, or an address in brackets; with the port if one was stated.
    public internal(set) var host: Range<Int> = 0..<0

    /// Where the name in ``host`` is: without the port, with the brackets of an address.
    public internal(set) var hostName: Range<Int> = 0..<0

    /// The port in ``host``, if stated.
    public internal(set) var hostPort: UInt16?

    /// Whether `Host` did not say what the absolute-form target says. The client's `Host` is taken out then, and
    /// ``writeHead(into:target:)`` writes one that follows the target (RFC 9112 §3.2.2).
    public internal(set) var hostIsFromTarget = false

    /// How the body ends: ``BodyFraming/none``, a length, or chunked.
    public internal(set) var framing = BodyFraming.none

    /// Whether the client waits for 100 (Continue) before it sends the body (RFC 9110 §10.1.1).
    public internal(set) var expectsContinue = false

    /// Whether the client asks for another protocol, and may be given it: `Upgrade` that `Connection` lists, HTTP/1.1, no
    /// body, not `h2c` (which would let requests reach the upstream that nobody here has looked at).
    public internal(set) var upgrade = false

    /// An empty head, to be parsed into.
    public override init() {}

    /// Takes out what concerns this connection only: see ``MessageHead/removeHopByHop(keepsUpgrade:)``. `Upgrade` stays
    /// if ``upgrade`` is true; the caller then adds its own `Connection: Upgrade`.
    public func removeHopByHop() { removeHopByHop(keepsUpgrade: upgrade) }

    /// Appends the request line and the remaining fields, **without the empty line**, so that the caller can add lines.
    ///
    /// The version is always HTTP/1.1. A target in absolute-form is written in origin-form (`*` for an OPTIONS request
    /// without path, RFC 9112 §3.2.4).
    ///
    /// - Parameters:
    ///   - buffer: where to append.
    ///   - target: what to send instead of the request's own target; must be a valid target.
    public func writeHead(into buffer: inout ByteBuffer, target: ByteBuffer? = nil) {
        if target == nil, !isAbsoluteForm, version == .http11 {
            writeLines(from: 0, into: &buffer)
            return
        }
        writeRequestLine(target, into: &buffer)
        if hostIsFromTarget {
            buffer.writeStaticString("Host: ")
            withBytes(host) { _ = buffer.writeBytes($0) }
            buffer.writeStaticString(ASCII.crlf)
        }
        writeLines(from: lineEnd, into: &buffer)
    }

    public override func reset() {
        super.reset()
        method = 0..<0
        knownMethod = .other
        target = 0..<0
        path = 0..<0
        query = nil
        isAbsoluteForm = false
        isHTTPSTarget = false
        host = 0..<0
        hostName = 0..<0
        hostPort = nil
        hostIsFromTarget = false
        framing = .none
        expectsContinue = false
        upgrade = false
    }

    private func writeRequestLine(_ other: ByteBuffer?, into buffer: inout ByteBuffer) {
        withBytes(method) { _ = buffer.writeBytes($0) }
        buffer.writeInteger(ASCII.space)
        if let other {
            buffer.writeImmutableBuffer(other)
        } else if isAbsoluteForm {
            writeOriginForm(into: &buffer)
        } else {
            withBytes(target) { _ = buffer.writeBytes($0) }
        }
        buffer.writeStaticString(" HTTP/1.1\r\n")
    }

    private func writeOriginForm(into buffer: inout ByteBuffer) {
        if path.isEmpty { buffer.writeStaticString(knownMethod == .options && query == nil ? "*" : "/") }
        withBytes(path) { _ = buffer.writeBytes($0) }
        guard let query else { return }
        buffer.writeStaticString("?")
        withBytes(query) { _ = buffer.writeBytes($0) }
    }
}
