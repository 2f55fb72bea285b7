import HTTPWire
import NIOCore
import NIOHTTP2

/// How the requests of HTTP/2 streams are read, and what they wait for.
extension HTTP2Stream {
    /// A head comes in one piece: there is never one among the bytes.
    func readHead() -> Bool { false }

    func beginBody(_ framing: BodyFraming) {}

    func readBody() -> Bool {
        if inbound.readableBytes > 0 {
            let piece = inbound
            inbound = ByteBuffer()
            owed += piece.readableBytes
            take(piece)
            return true
        }
        guard hasEnded else { return false }
        endBody(trailers: trailers)
        return true
    }

    func tookEarly(_ count: Int) { owed += count }

    /// The next request comes on another stream.
    func nextRequest() {}

    /// The window opens as far as bytes have been passed on and the upstream takes more: then, and for this stream alone.
    func resumeReading() {
        guard let id, owed >= connection.settings.streamWindow / 4, !hasEnded, mayRead, machine.connection == .open
        else { return }
        connection.write(.windowUpdate(windowSizeIncrement: owed), on: id)
        connection.flush()
        owed = 0
    }

    /// A WebSocket has no other answer than its tunnel: a 2xx would say that it is open (RFC 8441 §5).
    func objection() -> String? {
        guard let webSocketKey else { return nil }
        let head = exchange.responseHead
        if 200..<300 ~= head.status { return "\(head.status) in answer to a WebSocket" }
        guard head.status == 101 else { return nil }
        guard let upgrade = head.first(.upgrade), head.equals(upgrade, "websocket") else {
            return "101 Switching Protocols, but not to a WebSocket"
        }
        guard let accept = head.first(.secWebSocketAccept),
            head.withValue(of: accept, { $0.elementsEqual(webSocketKey.accept) })
        else { return "a Sec-WebSocket-Accept that does not belong to the key" }
        return nil
    }

    var currentlyWaiting: Waiting {
        guard id != nil else { return .nothing }
        // All has been written, but not everything has been taken.
        if machine.response == .none || machine.connection == .closing { return .client }
        return exchangeWaits
    }
}
