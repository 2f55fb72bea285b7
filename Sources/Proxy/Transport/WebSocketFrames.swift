/// Where the messages of one direction of a WebSocket end (RFC 6455 §5), found without looking at anything but the
/// headers of frames: all that somebody in the middle must know to put in a close frame.
///
/// A close frame may go between two frames of a message by the letter of §5.4, but the message would never be ended
/// then, which some libraries take for an error of the protocol: so it goes between two messages. What was negotiated
/// (compression, for instance) changes payloads and reserved bits, and neither is looked at.
struct WebSocketFrames {
    private static let closeOpcode: UInt8 = 8

    /// How many bytes of the current frame's header have been seen.
    private var seen = 0
    /// How many it has; known from its second byte on.
    private var headerLength = 2
    /// Where the payload's length ends within it; a mask may follow.
    private var lengthEnd = 2
    private var opcode: UInt8 = 0
    private var isFinal = true
    private var payloadLeft: UInt64 = 0
    /// Whether the header is complete, so that what comes now is payload.
    private var isInPayload = false
    /// Whether more frames of a message are to come.
    private var isInMessage = false
    /// Whether a close frame has gone by: nothing that follows it is a frame.
    private(set) var hasClosed = false
    /// Whether what was seen cannot be frames. No boundary is known any more.
    private(set) var isLost = false

    /// Whether the next byte begins a message, or a control frame between two of them.
    var isAtBoundary: Bool { seen == 0 && !isInMessage && !isLost }

    /// Goes over bytes that pass; returns how many it went over: all, or those up to the first boundary if `stopping`
    /// there.
    mutating func advance(over bytes: UnsafeRawBufferPointer, stopping: Bool = false) -> Int {
        var index = 0
        while index < bytes.count {
            if hasClosed || isLost { return bytes.count }
            if isInPayload {
                let step = min(payloadLeft, UInt64(bytes.count - index))
                // `step` is at most what is left in `bytes`.
                index += Int(step)
                payloadLeft -= step
            } else {
                readHeader(bytes[index])
                index += 1
            }
            guard isInPayload, payloadLeft == 0 else { continue }
            endFrame()
            if stopping, isAtBoundary { return index }
        }
        return index
    }

    private mutating func readHeader(_ byte: UInt8) {
        switch seen {
        case 0:
            opcode = byte & 0x0F
            isFinal = byte & 0x80 != 0
        case 1:
            let length = byte & 0x7F
            let extended = length < 126 ? 0 : length == 126 ? 2 : 8
            headerLength = 2 + extended + (byte & 0x80 == 0 ? 0 : 4)
            lengthEnd = 2 + extended
            payloadLeft = extended == 0 ? UInt64(length) : 0
        case 2 where lengthEnd == 10 && byte & 0x80 != 0:
            // The most significant bit of a length must be 0.
            isLost = true
        case ..<lengthEnd: payloadLeft = payloadLeft << 8 | UInt64(byte)
        default: break
        }
        seen += 1
        isInPayload = seen >= 2 && seen == headerLength
    }

    private mutating func endFrame() {
        // Opcodes from 8 on are those of control frames, which stand between the others (§5.4).
        if opcode < Self.closeOpcode { isInMessage = !isFinal }
        if opcode == Self.closeOpcode {
            hasClosed = true
            isInMessage = false
        }
        seen = 0
        headerLength = 2
        isInPayload = false
    }
}
