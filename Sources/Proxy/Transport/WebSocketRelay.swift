import NIOCore

/// The two directions of a WebSocket that passes through, and how it is ended from here: with a close frame between two
/// messages, and not a byte after it (RFC 6455 §5.5.1).
///
/// What passes is not copied and not changed.
final class WebSocketRelay {
    /// Whom bytes go to.
    enum Side {
        case client, server
    }

    /// Why a WebSocket is ended from here (RFC 6455 §7.4.1). Not 1008: the client is to come again, and many libraries
    /// never do after that code.
    private static let goingAway: UInt16 = 1001

    private enum Stage {
        /// Everything passes.
        case open
        /// The close frame goes out at the end of the current message.
        case ending
        /// It has gone out: what comes is thrown away.
        case ended
    }

    private struct Direction {
        var frames = WebSocketFrames()
        var stage = Stage.open
    }

    private var toClient = Direction()
    private var toServer = Direction()

    /// Takes note of bytes on their way to a side. Returns what of them goes there, and a close frame to be sent after
    /// them.
    func pass(_ bytes: ByteBuffer, to side: Side) -> (bytes: ByteBuffer?, close: ByteBuffer?) {
        switch side {
        case .client: Self.pass(bytes, &toClient, to: side)
        case .server: Self.pass(bytes, &toServer, to: side)
        }
    }

    /// Ends the direction to a side. Returns the close frame if it can be sent at once; otherwise it comes with the
    /// bytes that end the current message, or never, where a close frame has been sent already.
    func end(to side: Side) -> ByteBuffer? {
        switch side {
        case .client: Self.end(&toClient, to: side)
        case .server: Self.end(&toServer, to: side)
        }
    }

    private static func pass(
        _ bytes: ByteBuffer, _ direction: inout Direction, to side: Side
    ) -> (bytes: ByteBuffer?, close: ByteBuffer?) {
        switch direction.stage {
        case .open:
            _ = bytes.withUnsafeReadableBytes { direction.frames.advance(over: $0) }
            return (bytes, nil)
        case .ending:
            let count = bytes.withUnsafeReadableBytes { direction.frames.advance(over: $0, stopping: true) }
            let passing = bytes.getSlice(at: bytes.readerIndex, length: count)
            guard direction.frames.isAtBoundary else { return (passing, nil) }
            direction.stage = .ended
            return (passing, direction.frames.hasClosed ? nil : closeFrame(to: side))
        case .ended: return (nil, nil)
        }
    }

    private static func end(_ direction: inout Direction, to side: Side) -> ByteBuffer? {
        guard direction.stage == .open else { return nil }
        guard direction.frames.isAtBoundary else {
            direction.stage = .ending
            return nil
        }
        direction.stage = .ended
        return direction.frames.hasClosed ? nil : closeFrame(to: side)
    }

    /// A close frame with ``goingAway`` and no words; masked if it is a client's (§5.3).
    private static func closeFrame(to side: Side) -> ByteBuffer {
        var frame = ByteBufferAllocator().buffer(capacity: 8)
        frame.writeInteger(UInt8(0x88))
        switch side {
        case .client:
            frame.writeInteger(UInt8(2))
            frame.writeInteger(goingAway)
        case .server:
            let mask = UInt32.random(in: .min ... .max)
            frame.writeInteger(UInt8(0x80 | 2))
            frame.writeInteger(mask)
            frame.writeInteger(goingAway ^ UInt16(truncatingIfNeeded: mask >> 16))
        }
        return frame
    }
}
