import Testing

@testable import HTTPWire

@Suite("PROXY protocol, versions 1 and 2")
struct ProxyHeaderTests {
    private static let v4 = ProxyHeader.Source.client(IPAddress(v4: 0xC000_0201), port: 56324)
    private static let v6 = ProxyHeader.Source.client(IPAddress(v6: 0x2001_0db8 << 96 | 1), port: 443)

    private func read(_ bytes: [UInt8]) throws(ProxyHeaderError) -> ProxyHeader? {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(ProxyHeaderError) in try ProxyHeader.read(bytes) }
        }
        return try result.get()
    }

    /// However the bytes come, the answer is the same, and there is none before the last that is needed.
    private func readInPieces(_ bytes: [UInt8]) throws(ProxyHeaderError) -> ProxyHeader? {
        for count in 0..<bytes.count {
            if let header = try read(Array(bytes.prefix(count))) { return header }
        }
        return try read(bytes)
    }

    @Test(
        "version 1",
        arguments: [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", v4),
            ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", .client(IPAddress(v4: 0), port: 0)),
            ("PROXY TCP6 2001:db8::1 ::1 443 443\r\n", v6),
            ("PROXY TCP6 2001:0DB8:0:0:0:0:0:1 :: 443 1\r\n", v6),
            ("PROXY TCP6 ::ffff:192.0.2.1 ::1 56324 1\r\n", v4),
            (
                "PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n".replacing(
                    "f...f", with: "ffff:ffff:ffff:ffff:ffff:ffff"), .client(IPAddress(v6: .max), port: 65535)
            ),
            ("PROXY UNKNOWN\r\n", .unknown),
            ("PROXY UNKNOWN ffff:: whatever 1 2 3 \t\r\n", .unknown),
        ])
    func line(_ text: String, _ source: ProxyHeader.Source) throws {
        let header = ProxyHeader(source: source, length: text.utf8.count)
        #expect(try readInPieces(Array(text.utf8)) == header)
        #expect(try read(Array((text + "GET / HTTP/1.1\r\n").utf8)) == header)
    }

    @Test(
        "lines that are none",
        arguments: [
            "PROXY\r\n", "PROXY \r\n", "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n", "PROXY TCP4 ::1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP6 :::1 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n",
            "PROXY TCP6 1::2::3 ::1 1 2\r\n", "PROXY TCP6 12345:: ::1 1 2\r\n", "PROXY TCP6 1: ::1 1 2\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
        ])
    func notALine(_ text: String) {
        #expect(throws: text == "PROXY\r\n" ? ProxyHeaderError.absent : .malformedLine) {
            try readInPieces(Array(text.utf8))
        }
    }

    @Test("107 bytes and no more")
    func longest() throws {
        let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
        #expect(longest.utf8.count == 107)
        #expect(try read(Array(longest.utf8))?.length == 107)
        #expect(throws: ProxyHeaderError.tooLong) { try readInPieces(Array(longest.utf8.dropLast(2)) + [1, 13, 10]) }
    }

    @Test(
        "what begins like neither", arguments: ["GET / HTTP/1.1\r\n", "proxy TCP4", "\r\n\r\nGET", "\u{16}\u{3}\u{1}"])
    func absent(_ text: String) {
        #expect(throws: ProxyHeaderError.absent) { try readInPieces(Array(text.utf8)) }
    }

    private func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return ProxyHeader.signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
    }

    private static let inet: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB]
    private static let inet6: [UInt8] =
        [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1] + [UInt8](repeating: 0, count: 16)
        + [0x01, 0xBB, 0, 80]

    @Test("version 2")
    func version2() throws {
        let cases: [([UInt8], ProxyHeader.Source)] = [
            (binary(0x21, 0x11, Self.inet), Self.v4), (binary(0x21, 0x12, Self.inet), Self.v4),
            (binary(0x21, 0x21, Self.inet6), Self.v6),
            (binary(0x21, 0x31, [UInt8](repeating: 0x2F, count: 216)), .unknown),
            (binary(0x21, 0x00, []), .unknown), (binary(0x21, 0x00, [1, 2, 3]), .unknown),
            (binary(0x20, 0x00, []), .proxy), (binary(0x20, 0xFF, [9]), .proxy),
            (binary(0x20, 0x11, Self.inet), .proxy),
            // Extras: an authority (0x02), nothing (0x04), one of our own (0xE0).
            (binary(0x21, 0x11, Self.inet + [2, 0, 3, 97, 46, 98, 4, 0, 0, 0xE0, 0, 1, 7]), Self.v4),
        ]
        for (bytes, source) in cases {
            let header = ProxyHeader(source: source, length: bytes.count)
            #expect(try readInPieces(bytes) == header)
            #expect(try read(bytes + Array("GET".utf8)) == header)
        }
    }

    @Test("version 2, malformed")
    func malformed2() {
        let cases: [([UInt8], ProxyHeaderError)] = [
            (binary(0x11, 0x11, Self.inet), .malformedBinary), (binary(0x22, 0x11, Self.inet), .malformedBinary),
            (binary(0x21, 0x41, Self.inet), .malformedBinary), (binary(0x21, 0x13, Self.inet), .malformedBinary),
            (binary(0x21, 0x11, Array(Self.inet.dropLast())), .malformedBinary),
            (binary(0x21, 0x21, Array(Self.inet6.dropLast())), .malformedBinary),
            (binary(0x21, 0x31, [UInt8](repeating: 0x2F, count: 215)), .malformedBinary),
            (binary(0x21, 0x11, [], length: 16 * 1024), .malformedBinary),
            (binary(0x21, 0x11, Self.inet + [2]), .malformedExtras),
            (binary(0x21, 0x11, Self.inet + [2, 0, 1]), .malformedExtras),
            (binary(0x21, 0x11, Self.inet + [3, 0, 2, 0, 0]), .malformedExtras),
            (binary(0x21, 0x11, Self.inet + [3, 0, 4, 0, 0, 0, 0]), .wrongChecksum),
        ]
        for (bytes, error) in cases { #expect(throws: error) { try readInPieces(bytes) } }
    }

    @Test("the checksum: RFC 3720's examples, and one in a header")
    func checksum() throws {
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { CRC32C.checksum(of: $0) } == 0x8A91_36AA)
        #expect((0..<32).map { UInt8($0) }.withUnsafeBytes { CRC32C.checksum(of: $0) } == 0x46DD_794E)
        var bytes = binary(0x21, 0x11, Self.inet + [3, 0, 4, 0, 0, 0, 0, 4, 0, 1, 0])
        let sum = bytes.withUnsafeBytes { CRC32C.checksum(of: $0) }
        bytes.replaceSubrange(31..<35, with: withUnsafeBytes(of: sum.bigEndian) { Array($0) })
        #expect(try readInPieces(bytes)?.source == Self.v4)
        bytes[bytes.count - 1] ^= 1
        #expect(throws: ProxyHeaderError.wrongChecksum) { try readInPieces(bytes) }
    }
}
