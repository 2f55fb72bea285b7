import AppCookies
import Sessions
import Testing

@Suite("Set-Cookie")
struct SetCookieTests {
    private func parse(_ line: String) -> SetCookie? { SetCookieParser.parse(line.utf8) }
    private let now = Timestamp(seconds: 1_700_000_000)

    @Test("name and value")
    func nameAndValue() throws {
        for (line, name, value) in [
            ("a=b", "a", "b"), ("a=", "a", ""), ("a = b c ", "a", "b c"), ("a=\"b\"", "a", "\"b\""),
            ("a=b=c", "a", "b=c"),
            ("a=b;", "a", "b"), ("\ta=b\t; Path=/", "a", "b"), ("b", "", "b"), ("=b", "", "b"), ("a=ü", "a", "ü"),
        ] {
            let cookie = try #require(parse(line), "\(line)")
            #expect(cookie.name == Array(name.utf8), "\(line)")
            #expect(cookie.value == Array(value.utf8), "\(line)")
            #expect(Array(SetCookieParser.name(of: Array(line.utf8))) == Array(name.utf8))
        }
    }

    @Test(
        "lines that browsers ignore",
        arguments: ["", "=", ";", " ; Path=/", "a=\u{0}b", "a=b\r\n", "a=b; Path=/\u{7F}", "a\u{1}=b"])
    func ignored(_ line: String) { #expect(parse(line) == nil) }

    @Test("sizes")
    func sizes() {
        let value = String(repeating: "x", count: 4095)
        #expect(parse("a=\(value)") != nil)
        #expect(parse("a=\(value)x") == nil)
        #expect(parse("a=b; Path=/\(value.prefix(1023))")?.path?.count == 1024)
        #expect(parse("a=b; Path=/x; Path=/\(value.prefix(1024))")?.path == Array("/x".utf8))
    }

    @Test("attributes")
    func attributes() throws {
        let cookie = try #require(
            parse(
                "a=b; SECURE; httponly=x;samesite=lax ;Partitioned; Path = /x ; Domain=.Shop.EXAMPLE; max-age=60; unknown=1;;"
            ))
        #expect(cookie.isSecure && cookie.isHTTPOnly && cookie.isPartitioned)
        #expect(cookie.sameSite == .lax)
        #expect(cookie.path == Array("/x".utf8))
        #expect(cookie.domain == Array("shop.example".utf8))
        #expect(cookie.maxAge == 60)
        let plain = try #require(parse("a=b"))
        #expect(plain == SetCookie(name: [97], value: [98]))
    }

    @Test("the last of equal attributes counts")
    func lastAttribute() {
        #expect(parse("a=b; Path=/x; Path=y")?.path == nil)
        #expect(parse("a=b; Domain=x.example; Domain=")?.domain == nil)
        #expect(parse("a=b; SameSite=Strict; SameSite=None")?.sameSite == SetCookie.SameSite.none)
        #expect(parse("a=b; SameSite=Strict; SameSite=x")?.sameSite == .unspecified)
        #expect(parse("a=b; Max-Age=5; Max-Age=x")?.maxAge == 5)
    }

    @Test(
        "Max-Age",
        arguments: [
            ("60", Int64?.some(60)), ("0", 0), ("-1", -1), ("060", 60), ("99999999999999999999", .max),
            ("-99999999999999999999", .min), ("", nil), ("-", nil), ("+1", nil), ("1.5", nil), ("1s", nil),
            ("--1", nil),
        ])
    func maxAge(_ text: String, seconds: Int64?) {
        #expect(parse("a=b; Max-Age=\(text)")?.maxAge == seconds)
    }

    @Test("the end of a cookie")
    func expiry() {
        let date = "Wed, 15 Nov 2023 00:00:00 GMT"  // some two hours after `now`
        let tooLate = now.adding(400 * 86_400)
        #expect(parse("a=b")?.expiry(now: now) == nil)
        #expect(parse("a=b; Max-Age=60; Expires=\(date)")?.expiry(now: now) == now.adding(60))
        #expect(parse("a=b; Expires=\(date)")?.expiry(now: now) == Timestamp(seconds: 1_700_006_400))
        #expect(parse("a=b; Max-Age=0; Expires=\(date)")?.expiry(now: now) == Timestamp(seconds: 0))
        #expect(parse("a=b; Max-Age=99999999999999999999")?.expiry(now: now) == tooLate)
        #expect(parse("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT")?.expiry(now: now) == tooLate)
        #expect(parse("a=b; Expires=tomorrow")?.expiry(now: now) == nil)
    }

    @Test(
        "dates",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Int64?.some(0)), ("Sat, 20 Nov 2027 23:19:34 GMT", 1_826_752_774),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("6 november 1994 8:49:37", 784_111_777), ("8:49:37zulu 06th Nov 1994bc", 784_111_777),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("01-Jan-69 00:00:00", 3_124_224_000),
            ("01-Jan-70 00:00:00", 0), ("1 Jan 1601 0:0:0", -11_644_473_600), ("1 Jan 1600 0:0:0", nil),
            ("Thu, 29 Feb 2023 12:00:00 GMT", nil), ("Thu, 31 Apr 2023 12:00:00 GMT", nil),
            ("1 Jan 2023 24:00:00", nil), ("1 Jan 2023 00:60:00", nil), ("1 Jan 2023 00:00:60", nil),
            ("0 Jan 2023 00:00:00", nil), ("1 Jan 2023", nil), ("Jan 2023 00:00:00", nil), ("1 2023 00:00:00", nil),
            ("1 Jan 00:00:00", nil), ("1 Jan 20233 00:00:00", nil), ("1 Jan 2023 000:00:00", nil), ("", nil),
            ("1 Jan 2023 00:00", nil), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ])
    func dates(_ text: String, seconds: Int64?) {
        #expect(CookieDate.parse(text.utf8)?.seconds == seconds)
    }

    @Test(
        "default paths",
        arguments: [
            ("/", "/"), ("", "/"), ("x", "/"), ("/x", "/"), ("/x/", "/x"), ("/x/y", "/x"), ("/x/y?/z", "/x"),
            ("/?a/b", "/"),
        ])
    func defaultPath(_ path: String, expected: String) {
        #expect(CookieRules.defaultPath(of: path.utf8) == Array(expected.utf8))
    }

    @Test(
        "path matching",
        arguments: [
            ("/", "/", true), ("/", "/x", true), ("/x", "/x", true), ("/x", "/x/y", true), ("/x/", "/x/y", true),
            ("/x", "/xy", false), ("/x/", "/x", false), ("/x", "/", false), ("/x", "/x?y", true), ("/X", "/x", false),
        ])
    func pathMatch(_ cookiePath: String, _ path: String, matches: Bool) {
        #expect(CookieRules.matches(cookiePath: cookiePath.utf8, path: path.utf8) == matches)
    }

    @Test(
        "what a browser refuses",
        arguments: [
            ("a=b; Domain=shop.example", CookieRefusal?.none), ("a=b; Domain=www.shop.example", nil),
            ("a=b; Domain=.shop.example", nil), ("a=b; Domain=", nil), ("a=b; Domain=example", .domainMismatch),
            ("a=b; Domain=op.example", .domainMismatch), ("a=b; Domain=x.www.shop.example", .domainMismatch),
            ("a=b; Domain=club.example", .domainMismatch), ("__Host-a=b; Secure; Path=/", nil),
            ("__Host-a=b; Secure", .prefix), ("__Host-a=b; Path=/", .prefix),
            ("__host-a=b; Secure; Path=/x", .prefix), ("__Host-a=b; Secure; Path=/; Domain=shop.example", .prefix),
            ("__Secure-a=b", .prefix), ("__SECURE-a=b", .prefix), ("__Secure-a=b; Secure", nil),
            ("__Http-a=b; Secure", .prefix),
            ("__Http-a=b; Secure; HttpOnly", nil), ("__Host-Http-a=b; Secure; Path=/", .prefix),
            ("__Host-Http-a=b; Secure; Path=/; HttpOnly", nil), ("=__Host-a=b; Secure; Path=/", .prefix),
            ("a=b; SameSite=None", nil),
        ])
    func refusals(_ line: String, refusal: CookieRefusal?) throws {
        let cookie = try #require(parse(line))
        #expect(CookieRules.refusal(of: cookie, host: "www.shop.example", isSecure: true) == refusal)
    }

    @Test("Secure needs a secure connection; addresses have no parents")
    func connection() throws {
        let secure = try #require(parse("a=b; Secure"))
        #expect(CookieRules.refusal(of: secure, host: "shop.example", isSecure: false) == .insecureConnection)
        let address = try #require(parse("a=b; Domain=0.0.1"))
        #expect(CookieRules.refusal(of: address, host: "127.0.0.1", isSecure: true) == .domainMismatch)
        let same = try #require(parse("a=b; Domain=127.0.0.1"))
        #expect(CookieRules.refusal(of: same, host: "127.0.0.1", isSecure: true) == nil)
    }

    @Test("random lines never trap")
    func random() {
        var random = Xorshift(state: 42)
        let pieces = [
            "a", "=", ";", " ", "Path", "Domain", "Expires", "Max-Age", "/", ".", "-", "9", "Jan", ":", "\t", "ü",
            "Secure", "99999999999",
        ]
        for _ in 0..<5000 {
            let line = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            guard let cookie = parse(line) else { continue }
            #expect(cookie.name == Array(SetCookieParser.name(of: Array(line.utf8))), "\(line)")
            _ = CookieRules.refusal(of: cookie, host: "a.9", isSecure: true)
        }
    }
}

/// A seeded generator (xorshift64), so that a failure can be repeated.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
