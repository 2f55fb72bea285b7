import Testing

@testable import TLS

@Suite struct ClientHelloTests {
    private func vector(_ bytes: [UInt8], _ lengthBytes: Int) -> [UInt8] {
        (0..<lengthBytes).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    private func serverName(_ name: String, type: UInt8 = 0) -> [UInt8] {
        [0, 0] + vector(vector([type] + vector(Array(name.utf8), 2), 2), 2)
    }

    /// A hello as a handshake message; nil for one without any extensions.
    private func hello(_ extensions: [[UInt8]]?) -> [UInt8] {
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
        body += vector([UInt8](repeating: 9, count: 32), 1) + vector([0x13, 0x01, 0xC0, 0x2B], 2) + vector([0], 1)
        if let extensions { body += vector(extensions.flatMap { $0 }, 2) }
        return [1] + vector(body, 3)
    }

    private func records(_ message: [UInt8], of size: Int = 1 << 14) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(Array(message[start..<min(start + size, message.count)]), 2)
        }
    }

    private func read(_ bytes: [UInt8]) -> ClientHello { bytes.withUnsafeBytes { ClientHello(reading: $0) } }

    private let other: [UInt8] = [0, 43, 0, 3, 2, 3, 4]

    @Test func theNameIsFound() {
        #expect(read(records(hello([serverName("shop.example")]))) == .name("shop.example"))
        #expect(read(records(hello([other, serverName("shop.example"), other]))) == .name("shop.example"))
        #expect(read(records(hello([serverName("ShOp.Example.")]))) == .name("shop.example"))
        // What follows the hello is not looked at.
        #expect(read(records(hello([serverName("a.example")])) + [20, 3, 3, 0, 1, 1]) == .name("a.example"))
    }

    @Test func noName() {
        #expect(read(records(hello([other]))) == .noName)
        #expect(read(records(hello([]))) == .noName)
        #expect(read(records(hello(nil))) == .noName)
    }

    @Test(arguments: [11, 13, 40, 100, 1 << 14])
    func everyByteIsWaitedFor(recordSize: Int) {
        let bytes = records(hello([other, serverName("shop.example")]), of: recordSize)
        for count in 0..<bytes.count { #expect(read(Array(bytes.prefix(count))) == .incomplete, "\(count)") }
        #expect(read(bytes) == .name("shop.example"))
    }

    @Test func aHelloInVeryManyRecordsIsRefused() {
        #expect(read(records(hello([serverName("shop.example")]), of: 1)) == .malformed)
    }

    @Test func cleartext() {
        for start in ["GET / HTTP/1.1\r\n", "P", "OPTIONS * HTTP/1.1\r\n"] {
            #expect(read(Array(start.utf8)) == .cleartext)
        }
        #expect(read([0x80, 0x2E, 1, 3, 1]) == .malformed)
        #expect(read([0]) == .malformed)
    }

    @Test func malformed() {
        let good = hello([serverName("a.example")])
        var wrong: [[UInt8]] = [
            records(hello([serverName("a.example"), serverName("b.example")])),
            records(hello([serverName("")])),
            records(hello([serverName("a.example", type: 1)])),
            records(hello([serverName(String(repeating: "a", count: 256))])),
            records(hello([[0, 0, 0, 0]])),
            records(hello([[0, 0] + vector(vector([], 2), 2)])),
            records(hello([other, [0, 9]])),
            records([2] + good.dropFirst()),
            // A hello that ends before its parts do, and one that goes on after them.
            records([1] + vector(Array(good[4...].dropLast()), 3)),
            records([1] + vector(Array(good[4...]) + [0], 3)),
            // A message, and a record, larger than any may be.
            records([1, 0, 0x40, 0] + [UInt8](repeating: 0, count: 100)),
            [22, 3, 1, 0x40, 1] + good,
            // Another record between, an empty one, and one of SSL 2.
            Array(records(good, of: 20).prefix(25)) + [21, 3, 3, 0, 2, 2, 40],
            [22, 3, 1, 0, 0] + records(good),
            [22, 2, 1, 0, 4] + good,
        ]
        // A hello in records of a byte each can be no longer than that.
        let slow = records([1, 0, 0x3F, 0xF0] + [UInt8](repeating: 0, count: 0x3FF0), of: 1)
        wrong.append(Array(slow.prefix(ClientHello.largest)))
        for (index, bytes) in wrong.enumerated() { #expect(read(bytes) == .malformed, "\(index)") }
    }

    @Test func anyBytesAreAnswered() {
        var random = SystemRandomNumberGenerator()
        let good = records(hello([other, serverName("shop.example"), other]), of: 60)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let answer = read(bytes)
            // Fewer bytes never say more than all of them did.
            let fewer = read(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
            #expect(fewer == answer || fewer == .incomplete || fewer == .malformed || answer == .malformed)
        }
    }
}
