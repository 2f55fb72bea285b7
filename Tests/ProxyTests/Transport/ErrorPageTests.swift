import HTTPWire
import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite("Error pages and dates")
struct ErrorPageTests {
    private func head(_ fields: String) throws -> RequestHead {
        let head = RequestHead()
        var parser = RequestHeadParser()
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
        #expect(try parser.parse(&buffer, into: head))
        return head
    }

    @Test(
        "HTML only for those who ask for it",
        arguments: [
            ("Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", true), ("Accept: */*\r\n", false), ("", false),
            ("Accept: application/json\r\n", false), ("Accept: TEXT/HTML\r\n", true),
        ])
    func accept(_ fields: String, _ isHTML: Bool) throws {
        #expect(ErrorPages.prefersHTML(try head(fields)) == isHTML)
    }

    @Test("what comes from outside is escaped")
    func escaping() {
        let problem = ErrorPages.problem(for: .unknownHost("<script>\"&'\u{1}"))
        #expect(problem.status == 421)
        #expect(problem.hint.contains("in no domain list"))
        let html = String(buffer: ErrorPages.response(problem, requestID: "<b>", asHTML: true).body)
        #expect(html.contains("&lt;script&gt;&quot;&amp;&#39;"))
        #expect(!html.contains("<script>") && !html.contains("<b>"))
        let json = String(buffer: ErrorPages.response(problem, requestID: "a\"b", asHTML: false).body)
        #expect(json.contains(#"\u003cscript\u003e\"\u0026'\u0001"#))
        #expect(json.contains("\"request_id\":\"a\\\"b\""))
        #expect(json.hasPrefix("{\"error\":\"unknown_host\",\"message\":"))
    }

    @Test(
        "dates",
        arguments: [
            (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (-5, "Thu, 01 Jan 1970 00:00:00 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func dates(_ time: Int64, _ text: String) { #expect(DateLine.format(time) == text) }

    @Test("times in words") func seconds() {
        #expect(ErrorPages.seconds(.seconds(60)) == "60 s")
        #expect(ErrorPages.seconds(.milliseconds(1500)) == "1.5 s")
    }
}
