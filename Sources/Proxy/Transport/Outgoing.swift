import NIOCore

/// Collects what one turn writes to a channel, so that heads, framing and small bodies leave as one buffer, and all of it
/// with one flush. Large buffers are passed on as they are, without a copy.
///
/// A class, and nothing in it is held while the channel is called: a write or flush that fails closes the channel, which
/// calls back into the handler, which discards what is here.
final class Outgoing {
    /// Larger pieces are not copied.
    private let copyLimit: Int
    private var pending: ByteBuffer?
    private(set) var needsFlush = false
    /// Bytes handed to the channel since the beginning.
    private(set) var total = 0

    init(copyLimit: Int = 4096) { self.copyLimit = copyLimit }

    /// Gives `body` the buffer that small things are appended to.
    func append(_ state: LoopState, _ body: (inout ByteBuffer) -> Void) {
        var buffer: ByteBuffer
        if let current = pending {
            buffer = current
            pending = nil
        } else {
            buffer = state.takeBuffer()
        }
        body(&buffer)
        pending = buffer
        needsFlush = true
    }

    /// Appends a piece of a body.
    func append(_ piece: ByteBuffer, _ state: LoopState, _ context: ChannelHandlerContext) {
        if piece.readableBytes <= copyLimit, (pending?.readableBytes ?? 0) <= 16 * 1024 {
            append(state) { $0.writeImmutableBuffer(piece) }
            return
        }
        writePending(state, context)
        total &+= piece.readableBytes
        context.write(NIOAny(piece), promise: nil)
        needsFlush = true
    }

    /// Writes what has been collected and flushes; the promise, if any, is for all of it.
    func flush(_ state: LoopState, _ context: ChannelHandlerContext) {
        guard needsFlush else { return }
        needsFlush = false
        let buffer = pending
        pending = nil
        if let buffer { write(buffer, context) }
        context.flush()
        if let buffer { state.giveBack(buffer) }
    }

    /// Forgets what has not been written.
    func discard() {
        pending = nil
        needsFlush = false
    }

    private func writePending(_ state: LoopState, _ context: ChannelHandlerContext) {
        guard let buffer = pending else { return }
        pending = nil
        if buffer.readableBytes > 0 { write(buffer, context) }
        state.giveBack(buffer)
    }

    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        total &+= buffer.readableBytes
        context.write(NIOAny(buffer), promise: nil)
    }
}
