import NIOCore

/// Between the socket (or TLS) and the handler of HTTP/2's frames: sees each frame come and go without touching its content.
///
/// It is how ``HTTP2Connection`` knows what that handler does not tell: that a frame has begun and does not end, which
/// bytes of which stream have really gone out, and with which errors streams and the connection end. It also gathers
/// what is written in one turn into few buffers, and divides field sections that are too large for one frame.
final class HTTP2Gate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The largest payload that every peer takes (RFC 9113 §4.2).
    private static let maxPayload = 16_384

    private let state: LoopState
    private unowned let connection: HTTP2Connection
    /// What is short goes together, whichever stream it is of: apart, it would be in TLS records of its own. Full frames are
    /// those of large bodies.
    private let outgoing = Outgoing(copyLimit: maxPayload - 1)
    private(set) var inbound: HTTP2FrameScanner
    /// What is left of a payload that is written behind its header.
    private var payloadLeft = 0
    /// What the next `HEADERS` frame is to hold in place of what it holds.
    var section: ByteBuffer?
    /// Once set, nothing more is read into.
    var isShut = false
    private var hasRead = false
    private var context: ChannelHandlerContext?

    init(state: LoopState, connection: HTTP2Connection) {
        self.state = state
        self.connection = connection
        inbound = HTTP2FrameScanner(expectsPreface: true)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isShut else { return }
        hasRead = true
        let buffer = unwrapInboundIn(data)
        let was = inbound.middle
        buffer.withUnsafeReadableBytes { bytes in inbound.scan(bytes) { connection.frameArrives($0) } }
        guard !isShut else { return }
        connection.bytesArrived(wasInHead: was == .head)
        context.fireChannelRead(data)
    }

    /// The end of the input comes without bytes; to write then, to a socket that may be gone, would close the channel while
    /// NIO is about to close its input.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasRead else { return }
        hasRead = false
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        note(buffer)
        if let section, payloadLeft == 0, buffer.withUnsafeReadableBytes({ HTTP2FrameHeader($0)?.kind == .headers }) {
            self.section = nil
            outgoing.append(state) { Self.write(section, as: buffer, into: &$0) }
        } else {
            outgoing.append(buffer, state, context)
        }
        guard let promise else { return }
        // Rare: what is behind this is the only thing that fulfils it.
        outgoing.flush(state, context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        if outgoing.needsFlush { outgoing.flush(state, context) } else { context.flush() }
    }

    /// The socket has failed, or NIOSSL; what swift-nio-http2 finds wrong comes later in the pipeline.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { connection.closeNow() }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        outgoing.discard()
        self.context = nil
    }

    /// Announces the end (§6.8) behind the back of swift-nio-http2, which would refuse every stream from then on, those that
    /// cross the news included.
    func announceEnd() {
        guard let context else { return }
        outgoing.append(state) { buffer in
            HTTP2FrameHeader(length: 8, kind: .goAway, flags: 0, stream: 0).write(into: &buffer)
            buffer.writeInteger(Int32.max)
            buffer.writeInteger(0 as UInt32)
        }
        outgoing.flush(state, context)
    }

    /// Each write is one frame with its header, or the header alone with the payload in the next.
    private func note(_ buffer: ByteBuffer) {
        if payloadLeft > 0 {
            payloadLeft = max(0, payloadLeft - buffer.readableBytes)
            return
        }
        buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes
            while let frame = HTTP2FrameHeader(rest) {
                connection.frameLeaves(frame, errorCode: Self.errorCode(of: frame, rest))
                let end = HTTP2FrameHeader.size + frame.length
                payloadLeft = max(0, end - rest.count)
                rest = UnsafeRawBufferPointer(rebasing: rest[min(end, rest.count)...])
            }
        }
    }

    /// The code of `RST_STREAM` (§6.4) and `GOAWAY` (§6.8).
    private static func errorCode(of frame: HTTP2FrameHeader, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let offset: Int
        switch frame.kind {
        case .rstStream: offset = HTTP2FrameHeader.size
        case .goAway: offset = HTTP2FrameHeader.size + 4
        default: return 0
        }
        guard bytes.count >= offset + 4 else { return 0 }
        return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Writes a field section in place of that of `frame`: in `HEADERS` and, where one frame does not hold it, `CONTINUATION`
    /// (§6.10).
    private static func write(_ section: ByteBuffer, as frame: ByteBuffer, into buffer: inout ByteBuffer) {
        guard let head = frame.withUnsafeReadableBytes({ HTTP2FrameHeader($0) }) else { return }
        var rest = section
        if isSizeUpdate(frame.getInteger(at: frame.readerIndex + HTTP2FrameHeader.size)) {
            rest = sizeUpdates(in: frame)
            rest.writeImmutableBuffer(section)
        }
        var kind = HTTP2FrameHeader.Kind.headers
        while let piece = rest.readSlice(length: min(rest.readableBytes, maxPayload)), piece.readableBytes > 0 {
            var flags = kind == .headers ? head.flags & ~HTTP2FrameHeader.endHeaders : 0
            if rest.readableBytes == 0 { flags |= HTTP2FrameHeader.endHeaders }
            HTTP2FrameHeader(length: piece.readableBytes, kind: kind, flags: flags, stream: head.stream)
                .write(into: &buffer)
            buffer.writeImmutableBuffer(piece)
            kind = .continuation
        }
    }

    private static func isSizeUpdate(_ first: UInt8?) -> Bool { first.map { $0 & 0xE0 == 0x20 } ?? false }

    /// What a section has to begin with after the client has changed the size of its table (RFC 7541 §4.2).
    private static func sizeUpdates(in frame: ByteBuffer) -> ByteBuffer {
        var updates = ByteBuffer()
        var payload = frame.readableBytesView.dropFirst(HTTP2FrameHeader.size)
        while let first = payload.first, isSizeUpdate(first) {
            updates.writeInteger(payload.removeFirst())
            guard first & 0x1F == 0x1F else { continue }
            while let next = payload.popFirst() {
                updates.writeInteger(next)
                if next & 0x80 == 0 { break }
            }
        }
        return updates
    }
}
