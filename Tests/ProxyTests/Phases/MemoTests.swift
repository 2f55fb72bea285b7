import HTTPWire
import NIOCore
import Testing

@testable import Proxy

@Suite("What a connection remembers of its last request")
struct MemoTests {
    private func head(_ lines: String) throws -> RequestHead {
        var parser = RequestHeadParser(limits: HeadLimits())
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a.example\r\n\(lines)\r\n")
        let head = RequestHead()
        #expect(try parser.parse(&buffer, into: head))
        return head
    }

    @Test("codings: the same answer as without memory, whatever came before") func codings() throws {
        let lines = [
            "Accept-Encoding: \r\n", "Accept-Encoding: gzip, br\r\n", "", "Accept-Encoding: gzip, br\r\n",
            "Accept-Encoding: identity;q=0\r\n", "Accept-Encoding: identity;q=0\r\n", "Accept-Encoding: br\r\n",
            "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", "Accept-Encoding: br\r\n", "Accept-Encoding: \r\n",
            "Accept-Encoding: gzip;q=0\r\n",
        ]
        for first in lines.indices {
            var memo = CodingsMemo()
            for line in lines[first...] {
                var fresh = CodingsMemo()
                let expected = try fresh.narrowed(head(line))
                #expect(try memo.narrowed(head(line)) == expected, "\(line.debugDescription)")
                #expect(try memo.narrowed(head(line)) == expected, "\(line.debugDescription) again")
            }
        }
        var memo = CodingsMemo()
        #expect(try memo.narrowed(head(lines[0])).map { String(buffer: $0) } == "Accept-Encoding: identity\r\n")
        #expect(try memo.narrowed(head(lines[4])) == nil)
    }
}
