import HTTPWire
import NIOCore
import Testing

@testable import Proxy

@Suite("What a trusted proxy says of the browser")
struct ToldClientTests {
    private func told(_ fields: String) throws -> ToldClient {
        var parser = RequestHeadParser(limits: HeadLimits())
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n\r\n")
        let head = RequestHead()
        #expect(try parser.parse(&buffer, into: head))
        // 10.0.0.0/8 is trusted.
        return ToldClient(head) { $0.isIPv4 && $0.value >> 24 == 10 }
    }

    @Test(
        "the client is the last that no trusted proxy speaks for",
        arguments: [
            ("X-Forwarded-For: 192.0.2.1", "192.0.2.1"), ("X-Forwarded-For: 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("X-Forwarded-For: 192.0.2.66, 192.0.2.1 ,10.0.0.1,10.0.0.2", "192.0.2.1"),
            ("X-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 192.0.2.1", "192.0.2.1"),
            ("X-Forwarded-For: 192.0.2.1:1234, 10.0.0.1:80", "192.0.2.1"),
            ("X-Forwarded-For: [2001:db8::1]:1234", "2001:db8::1"), ("X-Forwarded-For: 2001:db8::1", "2001:db8::1"),
            ("X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.1", "unknown"),
            ("X-Forwarded-For: 10.0.0.3, 10.0.0.1", "10.0.0.3"),
            ("Forwarded: for=192.0.2.66, for=\"192.0.2.1:80\", for=10.0.0.1", "192.0.2.1"),
            ("Forwarded: for=192.0.2.66, for=_hidden", "_hidden"),
            ("Forwarded: for=10.0.0.3, for=10.0.0.1", "10.0.0.3"),
        ])
    func client(_ fields: String, _ expected: String) throws {
        #expect(try told(fields).client == expected)
    }

    @Test(
        "nothing is told by nothing, by what is malformed, and by what is for nobody",
        arguments: [
            "X-A: b", "X-Forwarded-For: ", "X-Forwarded-Proto: gopher",
        ])
    func nothing(_ fields: String) throws {
        let told = try told(fields)
        #expect(told.client == nil && told.path == nil && told.scheme == nil && told.host == nil)
    }

    @Test(
        "two kinds of fields have to say the same, and Forwarded something that can be read",
        arguments: [
            ("Forwarded: for", true), ("X-Forwarded-For: 192.0.2.1\r\nForwarded: for", true),
            ("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2", true),
            ("X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.1", true),
            ("X-Forwarded-Host: a.example\r\nForwarded: host=b.example", true),
            ("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1;proto=https", false),
            ("X-Forwarded-For: 192.0.2.66, 192.0.2.1, 10.0.0.1\r\nForwarded: for=192.0.2.1", false),
            ("X-Forwarded-Proto: https\r\nForwarded: proto=https", false), ("Forwarded: for=192.0.2.1", false),
        ])
    func contradictions(_ fields: String, _ isContradictory: Bool) throws {
        #expect(try told(fields).isContradictory == isContradictory)
    }
}
