import NIOCore
import NIOHPACK
import NIOHTTP2

/// What goes out on a client's HTTP/2 connection.
extension HTTP2Connection {
    func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID) {
        guard stage != .gone, let context else { return }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
        mustFlush = true
    }

    /// Writes the head of a response.
    ///
    /// swift-nio-http2 has to know that it goes out, but would have its fields as text and in one frame: it gets the status
    /// alone, and the gate puts `section` in its place.
    func write(_ section: ByteBuffer, isInterim: Bool, endsStream: Bool, on id: HTTP2StreamID) {
        gate.section = section
        write(isInterim ? Self.interim : endsStream ? Self.last : Self.final, on: id)
        gate.section = nil
    }

    private static let final = placeholder("200", endsStream: false)
    private static let last = placeholder("200", endsStream: true)
    private static let interim = placeholder("103", endsStream: false)

    /// A head that leaves no trace in the encoder's table.
    private static func placeholder(_ status: String, endsStream: Bool) -> HTTP2Frame.FramePayload {
        var fields = HPACKHeaders()
        fields.add(name: ":status", value: status, indexing: .nonIndexable)
        return .headers(.init(headers: fields, endStream: endsStream))
    }

    /// The trailers that go with a response. They may have to wait behind its body, hence the gate cannot help them; those that
    /// need more than one frame stay behind (RFC 9110 §6.5.1 allows that), and nothing gets into a table of the client's.
    static func trailers(_ lines: ByteBuffer) -> HPACKHeaders {
        var fields = HPACKHeaders()
        guard lines.readableBytes > 0, lines.readableBytes < 8192 else { return fields }
        for line in String(buffer: lines).split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.add(name: line[..<colon].lowercased(), value: String(value), indexing: .nonIndexable)
        }
        return fields
    }

    /// Ends a stream before its time.
    func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        write(.rstStream(code), on: id)
        flush()
    }

    /// How much is worth a write to the socket of its own.
    private static let fullFlush = 16 * 1024

    /// Sends what has been written, with what other streams write in this turn: the answers of several upstreams that are read
    /// in one turn of the loop leave together.
    func flush() {
        guard !isReading, mustFlush else { return }
        if unsent >= Self.fullFlush { return flushIfNeeded() }
        guard !flushIsDue else { return }
        flushIsDue = true
        state.loop.assumeIsolated().execute { [self] in
            flushIsDue = false
            flushIfNeeded()
        }
    }

    func flushIfNeeded() {
        guard mustFlush, let context else { return }
        mustFlush = false
        context.flush()
    }
}
