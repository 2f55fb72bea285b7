import NIOCore
import Testing

@testable import HTTPWire

@Suite struct HeaderEditingTests {
    private func get(_ lines: String) -> RequestHead { request("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n") }

    @Test func everyKnownNameIsFoundInAnyLetterCase() {
        for name in FieldName.allCases where name != .other {
            let text = name == .xForwarded ? "x-forwarded-port" : "\(name.text)"
            let mixed = String(
                text.enumerated().map { $0.offset % 2 == 0 ? Character($0.element.uppercased()) : $0.element })
            for spelling in [text, text.uppercased(), mixed] {
                let found = Array(spelling.utf8).withUnsafeBytes { FieldName($0) }
                #expect(found == name, "\(spelling)")
            }
            let folded = Array(text.replacing("-", with: "_").utf8).withUnsafeBytes { FieldName($0, folding: true) }
            #expect(folded == name, "\(text)")
            for near in [text + "x", "x" + text, String(text.dropLast()) + "~"] {
                let found = Array(near.utf8).withUnsafeBytes { FieldName($0) }
                #expect(found == .other || name == .xForwarded || found == .xForwarded, "\(near)")
            }
        }
        for text in ["x-forwarded-", "x-forwarded", "x", "~", "x-session-id"] {
            #expect(Array(text.utf8).withUnsafeBytes { FieldName($0) } == .other)
        }
    }

    @Test func findingSkipsWhatWasTakenOut() {
        let head = get("Cookie: a=b\r\nX-A: 1\r\ncookie: c=d")
        #expect(head.count(.cookie) == 2 && head.string(.cookie) == "a=b")
        head.remove(at: 1)
        #expect(head.count(.cookie) == 1 && head.string(.cookie) == "c=d")
        head.removeAll(.cookie)
        #expect(head.count(.cookie) == 0 && head.first(.cookie) == nil && head.string(.cookie) == nil)
        head.remove(at: 99)
        head.remove(at: -1)
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n")
    }

    @Test func writingLeavesOutExactlyWhatWasTakenOut() {
        let lines = ["Host: a", "A: 1", "B:2", "C:  3 ", "D:"]
        for mask in 0..<32 {
            let head = get(lines.dropFirst().joined(separator: "\r\n"))
            for index in lines.indices where mask >> index & 1 == 1 { head.remove(at: index) }
            let rest = lines.indices.filter { mask >> $0 & 1 == 0 }.map { lines[$0] + "\r\n" }.joined()
            #expect(written(head) == "GET / HTTP/1.1\r\n" + rest)
            #expect(written(head, target: "/other?x") == "GET /other?x HTTP/1.1\r\n" + rest)
        }
    }

    @Test(arguments: [
        ("Connection: keep-alive", ""),
        ("Connection: close, X-Foo\r\nX-Foo: 1\r\nX-Fo: 2", "X-Fo: 2\r\n"),
        ("X-FOO: 1\r\nConnection: x-foo\r\nx-foo: 2", ""),
        ("connection:x-foo,,\t ,X-Bar\r\nCONNECTION: x-baz\r\nX-Foo: 1\r\nX-Bar: 2\r\nX-Baz: 3", ""),
        ("Connection: x-foo; y\r\nX-Foo: 1", "X-Foo: 1\r\n"),
        ("Keep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\nHTTP2-Settings: z", ""),
        ("TE: trailers\r\nConnection: TE", "TE: trailers\r\n"),
        ("TE: trailers, gzip", ""),
        ("TE: gzip", ""),
        ("Upgrade: websocket", ""),
        ("Upgrade: h2c\r\nConnection: Upgrade", ""),
        ("Upgrade: websocket\r\nConnection: Upgrade", "Upgrade: websocket\r\n"),
        ("Connection: content-length\r\nContent-Length: 5", "Content-Length: 5\r\n"),
        ("Connection: transfer-encoding\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\n"),
        (
            "Connection: cookie, authorization, x-forwarded-for\r\nCookie: a\r\nAuthorization: b\r\nX-Forwarded-For: c",
            "Cookie: a\r\nAuthorization: b\r\nX-Forwarded-For: c\r\n"
        ),
    ])
    func hopByHop(lines: String, rest: String) {
        let head = get(lines)
        head.removeHopByHop()
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: a\r\n" + rest)
    }

    @Test func hostCannotBeListedAway() {
        let head = get("Connection: Host, close")
        head.removeHopByHop()
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: a\r\n")
    }

    @Test func spoofedNamesUnderEverySpelling() {
        let name = FoldedName("X-Session-Id")
        #expect(name.description == "x-session-id")
        let head = get(
            "X-Session-Id: 1\r\nx_session_id: 2\r\nX.SESSION.ID: 3\r\nX-Session_ID: 4\r\nX-Session-Idx: 5\r\n"
                + "XSession-Id: 6\r\nX-Session-User: 7")
        #expect(head.first(foldingTo: name).map { head.string($0.value) } == "1")
        head.removeAll(foldingTo: [FoldedName("x.session.user"), name])
        #expect(head.first(foldingTo: name) == nil)
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: a\r\nX-Session-Idx: 5\r\nXSession-Id: 6\r\n")
        head.removeAll(foldingTo: [])
        #expect(head.fields.filter { !$0.isRemoved }.count == 3)
    }

    @Test func listMembership() {
        let head = get("Accept-Encoding: br , GZIP,\r\naccept-encoding: zstd\r\nVary: gzipped")
        for coding: StaticString in ["br", "gzip", "zstd"] { #expect(head.list(.acceptEncoding, contains: coding)) }
        #expect(!head.list(.acceptEncoding, contains: "deflate") && !head.list(.vary, contains: "gzip"))
        #expect(!head.list(.acceptEncoding, contains: ""))
    }

    @Test func rangesOutsideOfTheHeadAreEmpty() {
        let head = get("A: b")
        let count = head.bytes.readableBytes
        #expect(head.string(count..<count + 10).isEmpty && head.string(count + 5..<count + 10).isEmpty)
        #expect(head.slice(count - 1..<count + 10).readableBytes == 0)
        #expect(written(RequestHead()).isEmpty && RequestHead().string(0..<5).isEmpty)
    }
}
