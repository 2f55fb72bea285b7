public import NIOCore

/// The head of a response (RFC 9112 §4), read in place and edited by ranges. Make one per connection and reuse it.
public struct ResponseHead: MessageHead {
    /// The bytes and the field lines.
    public internal(set) var header = HeaderSection()

    /// The version that the upstream stated.
    public internal(set) var version = HTTPVersion.http11

    /// Whether the upstream means to keep its connection open after this response (RFC 9112 §9.3). Where the body is
    /// framed ``BodyFraming/untilClose`` there is no after, whatever this says.
    public internal(set) var keepAlive = true

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
    public init() {}

    /// How the body of this response to a request with `method` ends (RFC 9112 §6.3).
    ///
    /// There is none after HEAD, with a 1xx, 204 or 304 status, and after a 2xx to CONNECT, whose connection is a tunnel
    /// from then on.
    public func bodyFraming(for method: Method) -> BodyFraming {
        if method == .head || !statusAllowsBody { return .none }
        if method == .connect, 200..<300 ~= status { return .none }
        return framing
    }

    /// Takes the field at `index` of ``MessageHead/fields`` out. An index that does not exist changes nothing.
    public mutating func remove(at index: Int) { header.remove(at: index) }

    /// Takes out every field with that name.
    public mutating func removeAll(_ name: FieldName) { header.removeAll(name) }

    /// Takes out every field that could be taken for one of `names`.
    public mutating func removeAll(foldingTo names: FoldedNames) { header.removeAll(foldingTo: names) }

    /// Takes out what concerns this connection only: see ``HeaderSection/removeHopByHop(keepsUpgrade:)``. `Upgrade` stays
    /// if ``upgrade`` or ``requiresUpgrade`` is true; the caller then adds its own `Connection: Upgrade`.
    public mutating func removeHopByHop() { header.removeHopByHop(keepsUpgrade: upgrade || requiresUpgrade) }

    /// Appends the status line and the remaining fields, **without the empty line**, so that the caller can add lines. The
    /// version is always HTTP/1.1.
    public func writeHead(into buffer: inout ByteBuffer) {
        if version == .http11 {
            header.writeLines(from: 0, into: &buffer)
            return
        }
        buffer.writeStaticString("HTTP/1.1")
        header.withBytes(8..<max(8, lineEnd)) { _ = buffer.writeBytes($0) }
        header.writeLines(from: lineEnd, into: &buffer)
    }

    /// Where the first field line begins.
    var lineEnd = 0

    var statusAllowsBody: Bool { status >= 200 && status != 204 && status != 304 }

    /// Forgets the message and lets go of what it was read from; the storage of its fields is kept for the next one.
    public mutating func reset() {
        var header = HeaderSection()
        swap(&header, &self.header)
        header.reset()
        self = ResponseHead()
        swap(&header, &self.header)
    }
}
