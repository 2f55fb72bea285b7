import NIOCore

/// The nine bytes before each frame (RFC 9113 §4.1).
struct HTTP2FrameHeader: Equatable {
    /// The types that somebody here looks for (§6).
    enum Kind: UInt8 {
        case data, headers, priority, rstStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    static let size = 9
    static let endStream: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4

    var length: Int
    var type: UInt8
    var flags: UInt8
    var stream: Int32

    /// Nil for a type that is not known.
    var kind: Kind? { Kind(rawValue: type) }

    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    /// Reads the header at the beginning of `bytes`; nil if there are too few.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size else { return nil }
        length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        type = bytes[3]
        flags = bytes[4]
        let id = UInt32(bytes[5]) << 24 | UInt32(bytes[6]) << 16 | UInt32(bytes[7]) << 8 | UInt32(bytes[8])
        stream = Int32(bitPattern: id & 0x7FFF_FFFF)
    }

    init(length: Int, kind: Kind, flags: UInt8, stream: Int32) {
        self.length = length
        self.type = kind.rawValue
        self.flags = flags
        self.stream = stream
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(
            UInt8(truncatingIfNeeded: length >> 16), UInt16(truncatingIfNeeded: length), type, flags, stream)
    }
}

/// Finds the frames in a direction of a connection without looking into them, however the bytes are cut.
struct HTTP2FrameScanner {
    /// What the bytes so far end in.
    enum Middle {
        /// Between two frames, or in the middle of a body's.
        case nothing
        /// The preface, a frame's header or payload, or a field section has begun and not ended.
        case head
    }

    private var header = ByteBuffer()
    /// What is left of the preface or of a frame's payload.
    private var skipping: Int
    private var isInPreface: Bool
    private var isInData = false
    private var isInSection = false

    /// - Parameter expectsPreface: whether 24 bytes come before the first frame (§3.4).
    init(expectsPreface: Bool) {
        skipping = expectsPreface ? 24 : 0
        isInPreface = expectsPreface
    }

    /// Where the connection stands after what has been scanned.
    var middle: Middle {
        if isInSection || isInPreface || header.readableBytes > 0 { return .head }
        return skipping > 0 && !isInData ? .head : .nothing
    }

    /// Calls `body` with each frame's header as soon as it is complete.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, _ body: (HTTP2FrameHeader) -> Void) {
        var rest = bytes
        while !rest.isEmpty {
            if skipping > 0 {
                let count = min(skipping, rest.count)
                skipping -= count
                if skipping == 0 { isInPreface = false }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                continue
            }
            guard let frame = nextHeader(&rest) else { return }
            skipping = frame.length
            isInData = frame.kind == .data
            if frame.kind == .headers || frame.kind == .continuation {
                isInSection = !frame.has(HTTP2FrameHeader.endHeaders)
            }
            body(frame)
        }
    }

    private mutating func nextHeader(_ rest: inout UnsafeRawBufferPointer) -> HTTP2FrameHeader? {
        if header.readableBytes == 0, let frame = HTTP2FrameHeader(rest) {
            rest = UnsafeRawBufferPointer(rebasing: rest[HTTP2FrameHeader.size...])
            return frame
        }
        let count = min(HTTP2FrameHeader.size - header.readableBytes, rest.count)
        header.writeBytes(UnsafeRawBufferPointer(rebasing: rest[..<count]))
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        guard let frame = header.withUnsafeReadableBytes({ HTTP2FrameHeader($0) }) else { return nil }
        header.clear()
        return frame
    }
}

/// A bucket of tokens: so many at once, and as many again in each period.
struct EventBudget {
    private let capacity: Int64
    private let period: Int64
    private var used: Int64 = 0
    private var since: NIODeadline?

    init(_ capacity: Int, per period: TimeAmount) {
        self.capacity = Int64(max(1, capacity))
        self.period = max(1, period.nanoseconds)
    }

    /// Takes one. False if there was none left.
    mutating func take(at now: NIODeadline) -> Bool {
        if let since, used > 0 {
            let share = Double((now - since).nanoseconds) / Double(period)
            let returned = Int64(min(Double(capacity), max(0, share * Double(capacity))))
            if returned > 0 {
                used = max(0, used - returned)
                self.since = now
            }
        } else {
            since = now
        }
        guard used < capacity else { return false }
        used += 1
        return true
    }
}
