import NIOCore
import Testing

@testable import Proxy

@Suite("HTTP/2: frames, budgets, and what is counted")
struct HTTP2Tests {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), kind, flags, 0, 0, 0, stream] + payload
    }

    /// GET http://x/ with HPACK's static table alone.
    static func get(_ stream: UInt8, ends: Bool = true) -> [UInt8] {
        frame(1, ends ? 5 : 4, stream, [0x82, 0x86, 0x84, 0x41, 1, UInt8(ascii: "x")])
    }

    @Test("frames are found however the bytes are cut", arguments: [1, 2, 7, 9, 10, 1000])
    func scanner(_ size: Int) {
        let bytes =
            Self.preface + Self.frame(4, 0, 0, []) + Self.frame(0, 1, 3, [1, 2, 3]) + Self.frame(1, 0, 5, [1])
            + Self.frame(9, 4, 5, [2])
        var scanner = HTTP2FrameScanner(expectsPreface: true)
        var seen: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            #expect(start == 0 || start >= 24 || scanner.middle == .head)
            Array(bytes[start..<min(bytes.count, start + size)]).withUnsafeBytes { piece in
                scanner.scan(piece) { seen.append("\($0.type)/\($0.length)/\($0.stream)") }
            }
        }
        #expect(seen == ["4/0/0", "0/3/3", "1/1/5", "9/1/5"])
        #expect(scanner.middle == .nothing)
    }

    @Test("a field section is under way until END_HEADERS, a body's frame is not waited for")
    func middle() {
        var scanner = HTTP2FrameScanner(expectsPreface: false)
        func middle(after bytes: [UInt8]) -> HTTP2FrameScanner.Middle {
            bytes.withUnsafeBytes { scanner.scan($0) { _ in } }
            return scanner.middle
        }
        #expect(middle(after: Self.frame(1, 0, 1, [1])) == .head)
        #expect(middle(after: Self.frame(9, 4, 1, [1])) == .nothing)
        #expect(middle(after: [0, 0, 4, 0]) == .head)
        #expect(middle(after: [0, 0, 0, 0, 1, 1]) == .nothing)
    }

    @Test("a budget is used up, and comes back with time")
    func budget() {
        var budget = EventBudget(3, per: .seconds(30))
        var now = NIODeadline.uptimeNanoseconds(1)
        let first = (0..<4).map { _ in budget.take(at: now) }
        now = now + .seconds(31)
        let second = (0..<4).map { _ in budget.take(at: now) }
        #expect(first == [true, true, true, false] && second == first)
    }

    static let floods: [Limit] = [
        .http2Resets, .http2StreamErrors, .http2ControlFrames, .http2EmptyData, .http2Continuations, .http2IdleFrames,
        .http2Head,
    ]

    @Test("what hits a limit is counted", arguments: floods)
    func counters(_ limit: Limit) async throws {
        var settings = TransportSettings()
        settings.http2?.maxResets = 5
        settings.http2?.maxStreamErrors = 5
        settings.http2?.maxControlFrames = 10
        let harness = try await Harness.start(settings)
        let client = try await harness.connect()
        var bytes = Self.preface + Self.frame(4, 0, 0, [])
        switch limit {
        case .http2Resets:
            for number in 0..<20 {
                let stream = UInt8(2 * number + 1)
                bytes += Self.get(stream) + Self.frame(3, 0, stream, [0, 0, 0, 8])
            }
        case .http2StreamErrors: for number in 0..<20 { bytes += Self.frame(1, 5, UInt8(2 * number + 1), [0x82]) }
        case .http2ControlFrames: for _ in 0..<30 { bytes += Self.frame(6, 0, 0, [UInt8](repeating: 0, count: 8)) }
        case .http2EmptyData:
            bytes += Self.get(1, ends: false) + Array(repeatElement(Self.frame(0, 0, 1, []), count: 20).joined())
        case .http2Continuations:
            bytes += Self.frame(1, 1, 1, [0x82]) + Array(repeatElement(Self.frame(9, 0, 1, []), count: 20).joined())
        case .http2IdleFrames: bytes += Array(repeatElement(Self.frame(8, 0, 0, [0, 0, 0, 1]), count: 5000).joined())
        default: bytes += Self.frame(1, 5, 1, [0xFF, 0xFF, 0x7F])
        }
        try await client.send(ByteBuffer(bytes: bytes))
        // Whether it reads the last GOAWAY or a reset is all the same here.
        _ = try? await client.readToEnd()
        let counted = harness.server.counters
        expect(limit, in: counted)
        #expect(counted.http2.connections == 1 && counted.http2.connectionErrors == 1)
        try await harness.stop()
    }
}
