internal import HTMLInjection
internal import HTTPWire
internal import NIOCore

/// What a connection's last `Accept-Encoding` becomes when a page is asked for: a browser says the same every time.
struct CodingsMemo {
    private var value: [UInt8]?
    private var line: ByteBuffer?

    /// The line that asks for codings that a tag can be put into, in place of the request's own; nil where those stay.
    mutating func narrowed(_ head: RequestHead) -> ByteBuffer? {
        guard let field = head.first(.acceptEncoding) else { return nil }
        guard head.count(.acceptEncoding) == 1 else { return Self.line(for: head) }
        if let value, head.bytes(field.value, equal: value) { return line }
        line = Self.line(for: head)
        value = head.withValue(of: field) { Array($0) }
        return line
    }

    private static func line(for head: RequestHead) -> ByteBuffer? {
        var accepted = AcceptEncoding()
        for field in head.fields where field.known == .acceptEncoding && !field.isRemoved {
            head.withValue(of: field) { accepted.take($0) }
        }
        var line = ByteBuffer()
        return accepted.write(into: &line) ? line : nil
    }
}
