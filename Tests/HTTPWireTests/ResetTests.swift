import NIOCore
import Testing

@testable import HTTPWire

@Suite("A head that is used again")
struct ResetTests {
    /// Every stored property of an object, those it inherits included, as text.
    private func properties(_ object: Any) -> [String: String] {
        var all: [String: String] = [:]
        var mirror: Mirror? = Mirror(reflecting: object)
        while let current = mirror {
            for child in current.children { all[child.label ?? "?"] = "\(child.value)" }
            mirror = current.superclassMirror
        }
        return all
    }

    /// Has `read` read messages that together set every property, and looks that a reset leaves nothing of any.
    private func expectNothingLeft<Head: MessageHead>(
        _ make: () -> Head, of messages: [String], _ read: (inout ByteBuffer, Head) throws -> Bool
    ) rethrows {
        let fresh = properties(make())
        var seen: Set<String> = []
        let head = make()
        for message in messages {
            var buffer = ByteBuffer(string: message)
            #expect(try read(&buffer, head))
            seen.formUnion(properties(head).filter { fresh[$0.key] != $0.value }.keys)
            head.reset()
            #expect(properties(head) == fresh)
        }
        #expect(Set(fresh.keys).subtracting(seen).isEmpty, "these were never set, and so prove nothing")
    }

    @Test("nothing of a request is left") func request() throws {
        let messages = [
            "PUT https://B:8/p?q HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
            "OPTIONS /p?q HTTP/1.1\r\nHost: a:80\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /p HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n",
        ]
        try expectNothingLeft(RequestHead.init, of: messages) { buffer, head in
            var parser = RequestHeadParser()
            return try parser.parse(&buffer, into: head)
        }
    }

    @Test("nothing of a response is left") func response() throws {
        let messages = [
            "HTTP/1.0 426 Needed\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\n",
            "HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n",
        ]
        try expectNothingLeft(ResponseHead.init, of: messages) { buffer, head in
            var parser = ResponseHeadParser()
            return try parser.parse(&buffer, into: head)
        }
    }
}
