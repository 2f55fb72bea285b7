import NIOCore
import Testing

@testable import Proxy

@Suite struct LogTextTests {
    private func json(_ bytes: [UInt8]) -> String {
        var out = ByteBuffer()
        bytes.withUnsafeBytes { out.writeEscapedJSON($0) }
        return String(buffer: out)
    }

    private func combined(_ bytes: [UInt8]) -> String {
        var out = ByteBuffer()
        bytes.withUnsafeBytes { out.writeEscapedCombined($0) }
        return String(buffer: out)
    }

    @Test func everyByteBecomesPrintableASCII() {
        for byte in UInt8.min...UInt8.max {
            for text in [json([byte]), combined([byte])] {
                #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
                #expect(!text.isEmpty)
            }
        }
        #expect(json(Array("a\"b\\c\n\u{7F}ü".utf8)) == #"a\"b\\c\u000a\u007f\u00c3\u00bc"#)
        #expect(combined(Array("a\"b\\c\n\t\u{1B}ü".utf8)) == #"a\"b\\c\n\t\x1b\xc3\xbc"#)
        #expect(json([]) == "")
    }

    @Test(arguments: [
        ("/", "/"), ("/?a=b", "/?a=b"), ("/?ticket=secret", "/?ticket=***"), ("/?ticket=", "/?ticket=***"),
        ("/?a=b&ticket=secret&c=d", "/?a=b&ticket=***&c=d"), ("/?ticket=one&ticket=two", "/?ticket=***&ticket=***"),
        ("/ticket=x?myticket=y&ticket", "/ticket=x?myticket=y&ticket"), ("/?ticketx=1&x", "/?ticketx=1&x"),
        ("http://a/?ticket=secret#end", "http://a/?ticket=***#end"), ("/?", "/?"),
        ("/?t=1&ticket=2", "/?t=***&ticket=***"),
    ])
    func ticketsAreMasked(_ address: String, _ expected: String) {
        var out = ""
        Array(address.utf8).withUnsafeBytes { bytes in
            TicketMask.forEachPiece(of: bytes, parameters: [Array("ticket".utf8), Array("t".utf8)]) {
                out += String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(out == expected)
    }

    @Test func millisecondsHaveThreeDecimals() {
        var out = ByteBuffer()
        let times: [TimeAmount] = [
            .nanoseconds(-1), .microseconds(7), .microseconds(42), .microseconds(1234), .seconds(61),
        ]
        for time in times {
            out.writeMilliseconds(time)
            out.writeString(" ")
        }
        #expect(String(buffer: out) == "0.000 0.007 0.042 1.234 61000.000 ")
    }

    @Test func theTimeIsThatOfTheBeginning() {
        var clock = LogClock()
        var out = ByteBuffer()
        // 2024-02-29 12:34:56.007
        let time = LogClock.Time(seconds: 1_709_210_096, milliseconds: 7)
        clock.writeRFC3339(time, into: &out)
        clock.writeCommon(time, into: &out)
        #expect(String(buffer: out) == "2024-02-29T12:34:56.007Z[29/Feb/2024:12:34:56 +0000]")
    }
}
