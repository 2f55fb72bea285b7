import HTTPWire
import NIOCore
import NIOHTTP2

/// How the answers on HTTP/2 streams are written (RFC 9113 §8.1).
extension HTTP2Stream {
    /// What DATA frames hold at most without asking the client.
    private static let maxPayload = 16_384
    /// How much may wait for the client once much waits on the whole connection.
    private static let crowdedWatermark = 16 * 1024

    var isWritable: Bool {
        let isCrowded = connection.isCrowded
        if unsent >= (isCrowded ? Self.crowdedWatermark : state.settings.highWatermark) { wasHeldUp = true }
        if unsent <= (isCrowded ? Self.crowdedWatermark / 2 : state.settings.lowWatermark) { wasHeldUp = false }
        return !wasHeldUp
    }

    var bufferedBytes: Int { unsent }

    /// What has left is what the client's window had room for.
    var takenBytes: Int { total &- unsent }

    func streamedFraming() -> OutputFraming { .untilEnd }

    func writeContinue() { writeSection(100, isInterim: true, endsStream: false) { _ in } }

    func writeInterim() {
        writeSection(exchange.responseHead.status, isInterim: true, endsStream: false) { $0.add(exchange.responseHead) }
    }

    func writeHead(length: Int?) {
        writeSection(
            exchange.responseHead.status, endsStream: outputFraming == .none || declaredLength == 0
        ) { section in
            section.add(exchange.responseHead)
            section.add(exchange.responseLines)
            if let length { section.add(length: length) }
        }
    }

    func writeLocalHead(_ response: LocalResponse, status: Int, length: Int?) {
        var lines = ByteBuffer()
        writeLocalLines(response, into: &lines)
        writeSection(status, endsStream: outputFraming == .none || length == 0) { section in
            section.add(lines)
            if let length { section.add(length: length) }
        }
    }

    func writeTunnelHead() {
        // There is nothing to switch to: the stream is the tunnel (RFC 8441 §5).
        exchange.responseHead.removeAll(.secWebSocketAccept)
        writeSection(200, endsStream: false) { section in
            section.add(exchange.responseHead)
            section.add(exchange.responseLines)
        }
    }

    private func writeSection(
        _ status: Int, isInterim: Bool = false, endsStream: Bool, _ body: (inout HTTP2FieldBlock) -> Void
    ) {
        guard let id else { return }
        if endsStream { endIsWritten = true }
        state.responseFields.restart(status: status)
        body(&state.responseFields)
        connection.write(state.responseFields.bytes, isInterim: isInterim, endsStream: endsStream, on: id)
    }

    func write(_ piece: ByteBuffer) {
        guard id != nil, !endIsWritten else { return }
        total &+= piece.readableBytes
        unsent += piece.readableBytes
        connection.unsent += piece.readableBytes
        if pending.readableBytes == 0 {
            pending = piece
        } else if pending.readableBytes + piece.readableBytes <= Self.maxPayload {
            pending.writeImmutableBuffer(piece)
        } else {
            writePending(endsStream: false)
            pending = piece
        }
    }

    func writeEnd(trailers: ByteBuffer) {
        guard let id, !endIsWritten else { return }
        endIsWritten = true
        let fields = HTTP2Connection.trailers(trailers)
        guard !fields.isEmpty else { return writePending(endsStream: true) }
        if pending.readableBytes > 0 { writePending(endsStream: false) }
        connection.write(.headers(.init(headers: fields, endStream: true)), on: id)
    }

    private func writePending(endsStream: Bool) {
        guard let id else { return }
        connection.write(.data(.init(data: .byteBuffer(pending), endStream: endsStream)), on: id)
        pending = ByteBuffer()
    }

    func flush() {
        if pending.readableBytes > 0 { writePending(endsStream: false) }
        connection.flush()
    }
}
