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

    private func changed(_ one: Any, _ other: Any) -> Set<String> {
        let (one, other) = (properties(one), properties(other))
        return Set(one.keys.filter { one[$0] != other[$0] })
    }

    @Test("nothing of a request is left") func request() throws {
        let messages = [
            "PUT https://B:8/p?q HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
            "OPTIONS /p?q HTTP/1.1\r\nHost: a:80\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /p HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n",
        ]
        var seen: Set<String> = []
        let head = RequestHead()
        for message in messages {
            var parser = RequestHeadParser()
            var buffer = ByteBuffer(string: message)
            #expect(try parser.parse(&buffer, into: head))
            seen.formUnion(changed(head, RequestHead()))
            head.reset()
            #expect(changed(head, RequestHead()).isEmpty)
        }
        #expect(Set(properties(head).keys).subtracting(seen).isEmpty, "these were never set, and so prove nothing")
    }

    @Test("nothing of a response is left") func response() throws {
        let messages = [
            "HTTP/1.0 426 Needed\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\n",
            "HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n",
        ]
        var seen: Set<String> = []
        let head = ResponseHead()
        for message in messages {
            var parser = ResponseHeadParser()
            var buffer = ByteBuffer(string: message)
            #expect(try parser.parse(&buffer, into: head))
            seen.formUnion(changed(head, ResponseHead()))
            head.reset()
            #expect(changed(head, ResponseHead()).isEmpty)
        }
        #expect(Set(properties(head).keys).subtracting(seen).isEmpty, "these were never set, and so prove nothing")
    }
}
