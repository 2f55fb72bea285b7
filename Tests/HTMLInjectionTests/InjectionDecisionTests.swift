import HTMLInjection
import NIOCore
import Testing

@Suite("The decision to insert")
struct InjectionDecisionTests {
    private func line(_ value: String) -> FieldLines { .one(ByteBuffer(string: value).readableBytesView) }

    private func html(_ change: (inout InjectionFacts) -> Void = { _ in }) -> InjectionDecision {
        var facts = InjectionFacts(contentType: line("text/html; charset=utf-8"), fetchDestination: line("document"))
        change(&facts)
        return .decide(facts)
    }

    private let yes = InjectionDecision.inject(.identity, requiresDocumentMarker: false)

    @Test("a document gets the tag")
    func document() { #expect(html() == yes) }

    @Test("without Sec-Fetch-Dest the body must look like a document")
    func marker() {
        #expect(html { $0.fetchDestination = .absent } == .inject(.identity, requiresDocumentMarker: true))
    }

    @Test(
        "media types",
        arguments: [
            ("text/html", true), ("TEXT/HTML", true), ("text/html;charset=ISO-8859-1", true),
            ("text/html; charset=\"utf-8\"", true), ("text/html ; a=b; charset=shift_jis", true),
            ("text/html;", true), ("text/html;;charset", true), ("text/html; charset=\"a;charset=utf-16\"", true),
            ("text/htmlx", false), ("text/plain", false), ("application/xhtml+xml", false), ("", false),
            ("text/html, text/html", false), ("text/html; charset=utf-8, text/plain", false),
            ("text/html; x=\"a,b\"", true), ("multipart/x-mixed-replace; boundary=x", false),
            ("application/json", false), ("text/vnd.turbo-stream.html", false),
        ])
    func mediaTypes(_ type: String, isHTML: Bool) {
        #expect(html { $0.contentType = line(type) } == (isHTML ? yes : .skip(.mediaType)))
    }

    @Test("no type, or two, is no type")
    func ambiguousType() {
        #expect(html { $0.contentType = .absent } == .skip(.mediaType))
        #expect(html { $0.contentType = .several } == .skip(.mediaType))
    }

    @Test(
        "character encodings that are not ASCII",
        arguments: [
            "text/html; charset=utf-16", "text/html;charset=\"UTF-16LE\"", "text/html; x=\"\\\";\"; charset=utf-16be",
            "text/html; charset=ucs-2", "text/html; charset = unicode", "text/html; charset=utf-8; charset=utf-16",
            "text/html; charset=\" utf-16 \"", "text/html; charset=\"utf\\-16\"", "text/html; charset=iso-2022-kr",
            "text/html; charset=replacement",
        ])
    func charset(_ type: String) {
        #expect(html { $0.contentType = line(type) } == .skip(.charset))
    }

    @Test("statuses without a whole body", arguments: [100, 101, 103, 199, 204, 205, 206, 304])
    func status(_ status: Int) { #expect(html { $0.status = status } == .skip(.status)) }

    @Test("statuses that show a page", arguments: [200, 201, 203, 400, 401, 403, 404, 410, 500, 503])
    func errorPages(_ status: Int) { #expect(html { $0.status = status } == yes) }

    @Test("methods")
    func methods() {
        #expect(html { $0.method = .head } == .skip(.method))
        #expect(html { $0.method = .connect } == .skip(.method))
    }

    @Test(
        "other destinations", arguments: ["iframe", "frame", "embed", "object", "empty", "script", "fencedframe", ""])
    func destinations(_ destination: String) {
        #expect(html { $0.fetchDestination = line(destination) } == .skip(.notDocument))
    }

    @Test("requests of scripts, downloads, no-transform, and switched off")
    func others() {
        #expect(html { $0.fetchDestination = .several } == .skip(.notDocument))
        #expect(
            html {
                $0.fetchDestination = .absent
                $0.hasRequestedWith = true
            } == .skip(.scripted))
        // Android's WebView sends it with every page, and the browser's word that this is one counts more.
        #expect(html { $0.hasRequestedWith = true } == yes)
        #expect(html { $0.hasNoTransform = true } == .skip(.noTransform))
        #expect(html { $0.isSwitchedOff = true } == .skip(.switchedOff))
        #expect(html { $0.contentDisposition = .several } == .skip(.attachment))
    }

    @Test(
        "content dispositions",
        arguments: [
            ("attachment", false), ("Attachment; filename=x.html", false), ("form-data", false), ("inline", true),
            ("INLINE; filename=\"a;attachment\"", true), ("", true),
        ])
    func dispositions(_ value: String, isInline: Bool) {
        #expect(html { $0.contentDisposition = line(value) } == (isInline ? yes : .skip(.attachment)))
    }

    @Test(
        "content codings",
        arguments: [
            ("gzip", InjectionCoding.gzip), ("X-GZIP", .gzip), ("identity", .identity), ("", .identity),
            ("identity, gzip", .gzip), (" , gzip ,", .gzip),
            ("br", .brotli), ("BR", .brotli), ("zstd", .zstd), ("Zstd", .zstd),
        ])
    func codings(_ value: String, coding: InjectionCoding) {
        #expect(html { $0.contentEncoding = line(value) } == .inject(coding, requiresDocumentMarker: false))
    }

    @Test(
        "other content codings",
        arguments: [
            "gzip, gzip", "gzip, br", "br, zstd", "br, br", "gzip;q=1", "aws-chunked", "compress", "x-zstd", "brotli",
        ])
    func otherCodings(_ value: String) {
        #expect(html { $0.contentEncoding = line(value) } == .skip(.contentCoding))
        #expect(html { $0.contentEncoding = .several } == .skip(.contentCoding))
    }

    @Test("HEAD is decided upon as the GET that it stands for")
    func head() {
        var facts = InjectionFacts(method: .head, contentType: line("text/html"), fetchDestination: line("document"))
        #expect(InjectionDecision.decide(facts) == .skip(.method))
        #expect(InjectionDecision.decideAsGet(facts) == yes)
        facts.contentType = line("text/plain")
        #expect(InjectionDecision.decideAsGet(facts) == .skip(.mediaType))
        facts.isSwitchedOff = true
        #expect(InjectionDecision.decide(facts) == .skip(.switchedOff))
    }

    @Test("what depends on the request is told from what depends on the response")
    func dependence() {
        #expect(InjectionSkip.allCases.filter(\.dependsOnRequest) == [.notDocument, .scripted, .fragment])
        // A response that nobody would get the tag into does not depend on who asks.
        let plain = html {
            $0.contentType = line("text/plain")
            $0.fetchDestination = line("empty")
        }
        #expect(plain == .skip(.mediaType))
        #expect(html { $0.fetchDestination = line("empty") } == .skip(.notDocument))
    }

    @Test(
        "no-transform in Cache-Control",
        arguments: [
            ("no-transform", true), ("private, No-Transform", true), ("no-transform,max-age=1", true),
            ("no-transform=x", true), ("max-age=1", false), ("no-transformer", false), ("", false),
            ("x=\"a, no-transform, b\"", false), ("x=\"\\\"\", no-transform", true),
        ])
    func noTransform(_ value: String, expected: Bool) {
        #expect(CacheControl.hasNoTransform(ByteBuffer(string: value).readableBytesView) == expected)
    }
}
