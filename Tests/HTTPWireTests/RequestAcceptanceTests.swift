import NIOCore
import Testing

@testable import HTTPWire

/// What must be understood, and how.
struct Acceptance: Sendable, CustomTestStringConvertible {
    let reason: String
    let text: String
    let check: @Sendable (RequestHead) -> Void

    init(_ reason: String, _ text: String, _ check: @escaping @Sendable (RequestHead) -> Void) {
        self.reason = reason
        self.text = text
        self.check = check
    }

    var testDescription: String { "\(reason): \(text.escaped)" }
}

@Suite struct RequestAcceptanceTests {
    @Test(arguments: targets + hosts + framing + connection + syntax)
    func understoodHoweverItIsCut(_ row: Acceptance) {
        let bytes = row.text.latin1
        let (whole, head) = parseRequest([bytes[...]])
        #expect(whole.outcome == "ok")
        row.check(head)
        for cut in everyCut(of: bytes) { #expect(parseRequest(cut).0 == whole) }
        // The next request's first bytes stay where they are.
        let more = bytes + "GET /next".latin1
        for cut in everyCut(of: more) {
            let (result, _) = parseRequest(cut)
            #expect(result.left == "GET /next".utf8.count && result.facts == whole.facts)
        }
    }

    static let targets: [Acceptance] = [
        .init("origin-form", "GET /a/b?c=d?e HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.string(head.method) == "GET" && head.knownMethod == .get)
            #expect(head.string(head.target) == "/a/b?c=d?e" && head.string(head.path) == "/a/b")
            #expect(head.query.map { head.string($0) } == "c=d?e")
            #expect(written(head) == "GET /a/b?c=d?e HTTP/1.1\r\nHost: a\r\n")
        },
        .init("empty query is a query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.query?.isEmpty == true && head.string(head.path) == "/")
        },
        .init("visible ASCII stays byte for byte", "GET //%2F..;a\\|{}^\"<>`[] HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.string(head.target) == "//%2F..;a\\|{}^\"<>`[]" && head.query == nil)
        },
        .init("asterisk-form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.string(head.path) == "*" && head.knownMethod == .options)
            #expect(written(head).hasPrefix("OPTIONS * HTTP/1.1\r\n"))
        },
        .init("absolute-form, same host", "GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n") { head in
            #expect(head.isAbsoluteForm && !head.isHTTPSTarget && !head.hostIsFromTarget && head.hostPort == 80)
            #expect(head.string(head.hostName) == "A" && head.string(head.path) == "/x")
            #expect(written(head) == "GET /x?y HTTP/1.1\r\nHost: a:80\r\n")
        },
        .init("absolute-form wins over Host", "GET HTTPS://b?q HTTP/1.1\r\nX: 1\r\nHost: a\r\n\r\n") { head in
            #expect(head.string(head.host) == "b" && head.hostIsFromTarget && head.first(.host) == nil)
            #expect(head.isHTTPSTarget)
            #expect(written(head) == "GET /?q HTTP/1.1\r\nHost: b\r\nX: 1\r\n")
        },
        .init("absolute-form without path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.path.isEmpty && written(head).hasPrefix("GET / HTTP/1.1\r\n"))
        },
        .init("OPTIONS in absolute-form without path", "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(written(head).hasPrefix("OPTIONS * HTTP/1.1\r\n"))
        },
        .init("absolute-form in HTTP/1.0 brings its host", "GET http://a/ HTTP/1.0\r\n\r\n") { head in
            #expect(head.hostIsFromTarget && written(head) == "GET / HTTP/1.1\r\nHost: a\r\n")
        },
        .init("CONNECT", "CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.knownMethod == .connect && head.string(head.hostName) == "[::1]" && head.hostPort == 443)
        },
        .init("methods are case-sensitive", "get / HTTP/1.1\r\nHost: a\r\n\r\n") { #expect($0.knownMethod == .other) },
        .init("any token is a method", "M-SEARCH!~ / HTTP/1.1\r\nHost: a\r\n\r\n") {
            #expect($0.knownMethod == .other)
        },
    ]

    static let hosts: [Acceptance] =
        [
            ("shop.example", "shop.example", nil), ("SHOP.example:8080", "SHOP.example", 8080), ("a.", "a.", nil),
            ("a_b-c.d", "a_b-c.d", nil), ("127.0.0.1:0", "127.0.0.1", 0), ("[2001:db8::1]", "[2001:db8::1]", nil),
            ("[::ffff:1.2.3.4]:65535", "[::ffff:1.2.3.4]", 65535), ("\t a \t", "a", nil),
            (String(repeating: "a", count: 254), String(repeating: "a", count: 254), nil),
        ].map { (host: String, name: String, port: UInt16?) in
            Acceptance("host", RequestRejectionTests.get(host: host)) { head in
                #expect(head.string(head.hostName) == name && head.hostPort == port)
            }
        } + [
            .init("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n") { #expect($0.host.isEmpty && !$0.keepAlive) },
            .init("HTTP/1.0 with empty Host", "GET / HTTP/1.0\r\nHost:\r\n\r\n") { #expect($0.host.isEmpty) },
        ]

    static func post(_ lines: String) -> String { RequestRejectionTests.post(lines) }

    static let framing: [Acceptance] = [
        .init("no framing, no body", post("X: y")) { #expect($0.framing == .none) },
        .init("length 0 is a length", post("Content-Length: 0")) { #expect($0.framing == .length(0)) },
        .init("leading zeros", post("Content-Length: 010")) { #expect($0.framing == .length(10)) },
        .init("whitespace around a length", post("content-LENGTH:\t 5 ")) { #expect($0.framing == .length(5)) },
        .init("largest length", post("Content-Length: 9223372036854775807")) { #expect($0.framing == .length(.max)) },
        .init("chunked", post("Transfer-Encoding: chunked")) { #expect($0.framing == .chunked) },
        .init("chunked in capitals", post("transfer-encoding:CHUNKED ")) { #expect($0.framing == .chunked) },
    ]

    static let connection: [Acceptance] = [
        .init("HTTP/1.1 persists", post("Connection: foo")) { #expect($0.keepAlive) },
        .init("close", post("Connection: foo , Close")) { #expect(!$0.keepAlive) },
        .init("close wins", post("Connection: close\r\nConnection: keep-alive")) { #expect(!$0.keepAlive) },
        .init("HTTP/1.0 ends", "GET / HTTP/1.0\r\nHost: a\r\n\r\n") { head in
            #expect(!head.keepAlive && head.version == .http10)
            #expect(written(head) == "GET / HTTP/1.1\r\nHost: a\r\n")
        },
        .init("HTTP/1.0 persists on request", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") {
            #expect($0.keepAlive)
        },
        .init("expectation", post("Expect: 100-Continue\r\nContent-Length: 1")) { #expect($0.expectsContinue) },
        .init("unknown expectation", post("Expect: more")) { #expect(!$0.expectsContinue) },
        .init("no expectation in HTTP/1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n") {
            #expect(!$0.expectsContinue)
        },
        .init("upgrade", post("Connection: keep-alive, Upgrade\r\nUpgrade: websocket")) { #expect($0.upgrade) },
        .init("upgrade that is not listed", post("Upgrade: websocket")) { #expect(!$0.upgrade) },
        .init("upgrade to nothing", post("Connection: upgrade\r\nUpgrade: ")) { #expect(!$0.upgrade) },
        .init("upgrade with an empty body", post("Connection: upgrade\r\nUpgrade: a\r\nContent-Length: 0")) {
            #expect($0.upgrade)
        },
        .init("upgrade with a body", post("Connection: upgrade\r\nUpgrade: a\r\nContent-Length: 1")) {
            #expect(!$0.upgrade)
        },
        .init("upgrade to h2c", post("Connection: upgrade, HTTP2-Settings\r\nUpgrade: x, H2C\r\nHTTP2-Settings: a")) {
            #expect(!$0.upgrade)
        },
        .init("no upgrade in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n") {
            #expect(!$0.upgrade)
        },
    ]

    static let syntax: [Acceptance] = [
        .init("one empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") { head in
            #expect(head.string(0..<head.bytes.readableBytes).hasPrefix("GET / "))
        },
        .init("empty value", post("X-A:\r\nX-B:  \t ")) { head in
            #expect(head.fields[1].value.isEmpty && head.fields[2].value.isEmpty)
        },
        .init("tab and obs-text in a value", post("X-A: a\tb \u{85}\u{FF}c 0123456789\t")) { head in
            #expect(head.withValue(of: head.fields[1]) { Array($0) } == "a\tb \u{85}\u{FF}c 0123456789".latin1)
        },
        .init("every token byte in a name", post("!#$%&'*+-.^_`|~09azAZ: v")) { head in
            #expect(head.string(head.fields[1].name) == "!#$%&'*+-.^_`|~09azAZ")
        },
        .init("colons in a value", post("X-A::b:c")) { #expect($0.string($0.fields[1].value) == ":b:c") },
        .init("ranges", post("Accept:  x ")) { head in
            let field = head.fields[1]
            #expect(head.string(field.line) == "Accept:  x \r\n" && head.string(field.name) == "Accept")
            #expect(field.known == .accept && head.equals(field, "x") && !head.equals(field, "xy"))
        },
        .init("a look-alike of a known name does not go on", post("Content_Length: 5\r\nx.forwarded_port: 1\r\nX_A: 1"))
        {
            #expect(written($0) == "POST / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\n" && $0.framing == .none)
        },
    ]

    @Test func oneHeadAfterTheOtherReusesTheStorage() throws {
        var parser = RequestHeadParser()
        let head = RequestHead()
        var buffer = ByteBuffer(
            string: "GET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
                + "\r\nPOST /2?q HTTP/1.0\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: b\r\n\r\n")
        #expect(try parser.parse(&buffer, into: head))
        let storage = head.fields.withUnsafeBufferPointer { $0.baseAddress }
        #expect(head.upgrade && head.fields.count == 3)
        #expect(try parser.parse(&buffer, into: head))
        #expect(head.string(head.path) == "/2" && head.framing == .length(3) && !head.upgrade && head.host.isEmpty)
        #expect(head.fields.count == 1 && head.fields.withUnsafeBufferPointer { $0.baseAddress } == storage)
        buffer.moveReaderIndex(forwardBy: 3)
        #expect(try parser.parse(&buffer, into: head))
        #expect(head.query == nil && head.framing == .none && head.string(head.host) == "b")
        #expect(try !parser.parse(&buffer, into: head))
    }
}
