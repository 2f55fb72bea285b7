import NIOCore
import Testing

@testable import Proxy

@Suite("Where a WebSocket's messages end, and closing it between two of them")
struct WebSocketTests {
    static func frame(_ opcode: UInt8, _ length: Int, masked: Bool, final: Bool = true) -> [UInt8] {
        let mask: UInt8 = masked ? 0x80 : 0
        var bytes = [opcode | (final ? 0x80 : 0)]
        switch length {
        case ..<126: bytes.append(mask | UInt8(length))
        case ..<65_536: bytes += [mask | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(length >> (56 - 8 * $0) & 0xFF) }
        }
        if masked { bytes += [1, 2, 3, 4] }
        // A payload that looks like a close frame wherever one begins to read it.
        return bytes + [UInt8](repeating: 0x88, count: length)
    }

    /// All three forms of a length, masks, fragments with a ping between them, reserved bits, an empty frame.
    static func stream(masked: Bool) -> [[UInt8]] {
        [
            frame(1, 5, masked: masked), frame(2, 0, masked: masked), frame(1, 125, masked: masked, final: false),
            frame(9, 4, masked: masked), frame(0, 126, masked: masked, final: false), frame(0, 300, masked: masked),
            frame(0x40 | 2, 65_535, masked: masked), frame(2, 65_536, masked: masked), frame(10, 0, masked: masked),
        ]
    }

    @Test("every end is found, however the bytes are cut", arguments: [1, 2, 3, 7, 1000, 1 << 20], [true, false])
    func boundaries(cut: Int, masked: Bool) {
        let frames = Self.stream(masked: masked)
        let bytes = frames.flatMap { $0 }
        var ends: [Int] = []
        var tracker = WebSocketFrames()
        #expect(tracker.isAtBoundary)
        var position = 0
        while position < bytes.count {
            let piece = bytes[position..<min(position + cut, bytes.count)]
            let taken = piece.withUnsafeBytes { tracker.advance(over: $0, stopping: true) }
            position += taken
            if tracker.isAtBoundary { ends.append(position) }
        }
        var sum = 0
        let all = frames.map { frame in
            sum += frame.count
            return sum
        }
        // The third to the sixth are a message in three parts with a ping in it: only its end counts.
        #expect(Set(ends) == Set(all[0..<2] + all[5...]))
        #expect(!tracker.isLost && !tracker.hasClosed)
    }

    @Test("without stopping, the state at the end is the same") func whole() {
        var tracker = WebSocketFrames()
        let bytes = Self.stream(masked: true).flatMap { $0 }
        #expect(bytes.withUnsafeBytes { tracker.advance(over: $0) } == bytes.count)
        #expect(tracker.isAtBoundary)
        #expect([UInt8(0x82)].withUnsafeBytes { tracker.advance(over: $0) } == 1)
        #expect(!tracker.isAtBoundary)
    }

    @Test("nothing after a close frame is a frame") func closed() {
        var tracker = WebSocketFrames()
        let bytes = Self.frame(8, 2, masked: false) + [1, 2, 3]
        #expect(bytes.withUnsafeBytes { tracker.advance(over: $0) } == bytes.count)
        #expect(tracker.hasClosed && tracker.isAtBoundary)
    }

    @Test("a length that no frame can have: no boundary is known any more") func lost() {
        var tracker = WebSocketFrames()
        let bytes: [UInt8] = [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x88, 0]
        #expect(bytes.withUnsafeBytes { tracker.advance(over: $0, stopping: true) } == bytes.count)
        #expect(tracker.isLost && !tracker.isAtBoundary)
    }

    @Test("the longest length there is does not overflow") func longest() {
        var tracker = WebSocketFrames()
        let bytes: [UInt8] = [0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0]
        #expect(bytes.withUnsafeBytes { tracker.advance(over: $0) } == bytes.count)
        #expect(!tracker.isLost && !tracker.isAtBoundary)
    }

    // MARK: - Closing

    @Test("between two frames the close frame goes at once, and nothing after it") func atBoundary() {
        let relay = WebSocketRelay()
        let first = ByteBuffer(bytes: Self.frame(1, 5, masked: false))
        let passed = relay.pass(first, to: .client)
        #expect(passed.bytes == first && passed.close == nil)
        #expect(relay.end(to: .client) == ByteBuffer(bytes: [0x88, 2, 0x03, 0xE9]))
        #expect(relay.end(to: .client) == nil, "once")
        let late = relay.pass(first, to: .client)
        #expect(late.bytes == nil && late.close == nil)
        let other = relay.pass(first, to: .server)
        #expect(other.bytes == first, "the other direction goes on")
    }

    @Test("inside a frame it waits for the frame's end", arguments: 1..<12) func insideFrame(cut: Int) {
        let relay = WebSocketRelay()
        let frame = Self.frame(1, 6, masked: true)
        let next = Self.frame(1, 3, masked: true)
        _ = relay.pass(ByteBuffer(bytes: frame[..<cut]), to: .server)
        #expect(relay.end(to: .server) == nil)
        let passed = relay.pass(ByteBuffer(bytes: frame[cut...] + next), to: .server)
        #expect(passed.bytes == ByteBuffer(bytes: frame[cut...]))
        #expect(Self.unmasked(passed.close) == [0x88, 0x82, 0x03, 0xE9])
    }

    @Test("where a side has closed already, no second close frame is sent") func closedAlready() {
        let relay = WebSocketRelay()
        _ = relay.pass(ByteBuffer(bytes: Self.frame(8, 2, masked: false)), to: .client)
        #expect(relay.end(to: .client) == nil)
        let frame = Self.frame(8, 2, masked: true)
        _ = relay.pass(ByteBuffer(bytes: frame[..<3]), to: .server)
        #expect(relay.end(to: .server) == nil)
        let passed = relay.pass(ByteBuffer(bytes: frame[3...]), to: .server)
        #expect(passed.bytes?.readableBytes == frame.count - 3 && passed.close == nil)
    }

    /// A masked frame without its mask.
    static func unmasked(_ frame: ByteBuffer?) -> [UInt8] {
        let bytes = Array((frame ?? ByteBuffer()).readableBytesView)
        guard bytes.count > 6 else { return bytes }
        return bytes[..<2] + bytes[6...].enumerated().map { $0.element ^ bytes[2 + $0.offset % 4] }
    }
}
