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

    func writeContinue() { writeSection(HTTP2FieldBlock(status: 100), isInterim: true, endsStream: false) }

    func writeInterim() {
        var section = HTTP2FieldBlock(status: exchange.responseHead.status)
        section.add(exchange.responseHead)
        writeSection(section, isInterim: true, endsStream: false)
    }

    func writeHead(length: Int?) {
        var section = HTTP2FieldBlock(status: exchange.responseHead.status)
        section.add(exchange.responseHead)
        section.add(exchange.responseLines)
        if let length { section.add(length: length) }
        writeSection(section, endsStream: outputFraming == .none || declaredLength == 0)
    }

    func writeLocalHead(_ response: LocalResponse, status: Int, length: Int?) {
        var section = HTTP2FieldBlock(status: status)
        var lines = ByteBuffer()
        writeLocalLines(response, into: &lines)
        section.add(lines)
        if let length { section.add(length: length) }
        writeSection(section, endsStream: outputFraming == .none || length == 0)
    }

    func writeTunnelHead() {
        // There is nothing to switch to: the stream is the tunnel (RFC 8441 §5).
        var section = HTTP2FieldBlock(status: 200)
        exchange.responseHead.removeAll(.secWebSocketAccept)
        section.add(exchange.responseHead)
        section.add(exchange.responseLines)
        writeSection(section, endsStream: false)
    }

    private func writeSection(_ section: HTTP2FieldBlock, isInterim: Bool = false, endsStream: Bool) {
        guard let id else { return }
        if endsStream { endIsWritten = true }
        connection.write(section.bytes, isInterim: isInterim, endsStream: endsStream, on: id)
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
