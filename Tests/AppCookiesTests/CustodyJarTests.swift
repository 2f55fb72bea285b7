import AppCookies
import Sessions
import Testing

@Suite("Custody")
final class CustodyJarTests {
    private let now = Timestamp(seconds: 1_700_000_000)
    private var jar = CustodyJar()

    private func apply(
        _ line: String, app: String = "shop", host: String = "shop.example", path: String = "/", isSecure: Bool = true,
        at offset: Int64 = 0
    ) -> CustodyChange {
        jar.apply(line.utf8, app: app, host: host, path: path.utf8, isSecure: isSecure, now: now.adding(offset))
    }

    private func adopt(_ name: String, _ value: String, isSecure: Bool = true, at offset: Int64 = 0) -> CustodyChange {
        jar.adopt(name: name.utf8, value: value.utf8, app: "shop", isSecure: isSecure, now: now.adding(offset))
    }

    private func removeExpired(at offset: Int64) -> Bool {
        jar.removeExpired(now: now.adding(offset))
    }

    private func sent(_ app: String = "shop", path: String = "/", isSecure: Bool = true, at offset: Int64 = 0)
        -> [String]
    {
        jar.cookies(for: app, path: path.utf8, isSecure: isSecure, now: now.adding(offset)).map {
            "\($0.name)=\($0.value)"
        }
    }

    @Test("a cookie is stored, replaced, and goes along on every domain of the app only")
    func storing() {
        #expect(apply("PHPSESSID=1; Path=/") == .stored)
        #expect(apply("PHPSESSID=2; Path=/", host: "other.example") == .stored)
        #expect(sent() == ["PHPSESSID=2"])
        #expect(sent("club") == [])
        #expect(apply("PHPSESSID=3; Path=/", app: "club") == .stored)
        #expect(sent() == ["PHPSESSID=2"])
        #expect(jar.cookies.count == 2)
    }

    @Test("the same again changes nothing")
    func unchanged() {
        #expect(apply("a=1; Path=/") == .stored)
        #expect(apply("a=1; Path=/; HttpOnly; SameSite=Lax", at: 10) == .unchanged)
        #expect(apply("a=1; Path=/; Secure") == .stored)
        #expect(apply("a=1; Path=/") == .stored)
        #expect(apply("a=1; Path=/; Max-Age=60") == .stored)
        #expect(apply("a=1; Path=/") == .stored)
    }

    @Test("an end that moves with every response is stored now and then, and always in time")
    func slidingEnd() {
        #expect(apply("a=1; Path=/; Max-Age=3600") == .stored)
        #expect(apply("a=1; Path=/; Max-Age=3600", at: 59) == .unchanged)
        #expect(apply("a=1; Path=/; Max-Age=3600", at: 60) == .stored)
        #expect(apply("a=1; Path=/; Max-Age=3000", at: 61) == .stored)
        #expect(apply("b=1; Path=/; Max-Age=32") == .stored)
        #expect(apply("b=1; Path=/; Max-Age=32", at: 1) == .unchanged)
        #expect(apply("b=1; Path=/; Max-Age=32", at: 2) == .stored)
    }

    @Test("an empty value is a cookie")
    func emptyValue() {
        #expect(apply("a=") == .stored)
        #expect(sent() == ["a="])
    }

    @Test("Domain is dropped when it covers the host, else the cookie is refused")
    func domain() {
        #expect(apply("a=1; Domain=shop.example", host: "www.shop.example") == .stored)
        #expect(jar.cookies[0].domain == nil)
        #expect(apply("a=2; Domain=club.example") == .refused(.domainMismatch))
        #expect(apply("__Host-a=2") == .refused(.prefix))
        #expect(apply("a=2; Secure", isSecure: false) == .refused(.insecureConnection))
        #expect(apply("\u{0}") == .refused(.malformed))
        let latin = jar.apply([0x61, 0x3D, 0xFF], app: "shop", host: "h", path: "/".utf8, isSecure: true, now: now)
        #expect(latin == .refused(.notUTF8))
        #expect(sent() == ["a=1"])
    }

    @Test(
        "deletions",
        arguments: [
            "a=; Max-Age=0", "a=x; Max-Age=-1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "a=; Expires=Tue, 14 Nov 2023 22:13:20 GMT",
        ])
    func deleting(_ line: String) {
        #expect(apply("a=1") == .stored)
        #expect(apply("b=1") == .stored)
        #expect(apply(line) == .deleted)
        #expect(sent() == ["b=1"])
        #expect(jar.deletedCookies == [CookieKey(app: "shop", name: "a")])
        #expect(apply(line) == .unchanged)
        #expect(apply("a=2") == .stored)
        #expect(jar.deletedCookies.isEmpty)
    }

    @Test("a deletion is for its path")
    func deletingPath() {
        #expect(apply("a=1; Path=/x") == .stored)
        #expect(apply("a=; Path=/; Max-Age=0") == .deleted)
        #expect(sent(path: "/x") == ["a=1"])
        #expect(apply("a=; Path=/x; Max-Age=0") == .deleted)
        #expect(sent(path: "/x") == [])
    }

    @Test("cookies expire on time")
    func expiring() {
        #expect(apply("a=1; Max-Age=60") == .stored)
        #expect(sent(at: 59) == ["a=1"])
        #expect(sent(at: 60) == [])
        let before = jar
        #expect(!removeExpired(at: 59))
        #expect(jar == before)
        #expect(removeExpired(at: 60))
        #expect(jar.cookies.isEmpty)
        #expect(jar.deletedCookies == [CookieKey(app: "shop", name: "a")])
    }

    @Test("longest path first, then oldest; only the paths that match")
    func ordering() {
        for line in ["a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x", "a=5; Path=/x"] {
            #expect(apply(line) == .stored)
        }
        #expect(apply("c=6; Path=/x", at: 100) == .stored)
        #expect(sent(path: "/x/y/z") == ["b=2", "c=6", "d=4", "a=5", "a=1"])
        #expect(sent(path: "/xy") == ["a=1"])
        #expect(sent(path: "/x?/y") == ["c=6", "d=4", "a=5", "a=1"])
    }

    @Test("without Path, the directory of the request")
    func defaultPath() {
        #expect(apply("a=1", path: "/admin/login?next=/") == .stored)
        #expect(sent(path: "/") == [])
        #expect(sent(path: "/admin") == ["a=1"])
    }

    @Test("Secure cookies go along on secure connections only")
    func secure() {
        #expect(apply("a=1; Secure") == .stored)
        #expect(sent(isSecure: false) == [])
        #expect(sent() == ["a=1"])
    }

    @Test("a browser's own cookie is adopted once, never over a newer one, never again after its deletion")
    func adopting() {
        #expect(adopt("a", "old") == .stored)
        #expect(sent(path: "/deep/path") == ["a=old"])
        #expect(sent(isSecure: false) == [])
        #expect(adopt("a", "older") == .refused(.outOfDate))
        #expect(apply("a=new") == .stored)
        #expect(adopt("a", "old") == .refused(.outOfDate))
        #expect(apply("a=; Max-Age=0") == .deleted)
        #expect(adopt("a", "old") == .refused(.outOfDate))
        #expect(sent() == [])
    }

    @Test("a deletion or an end counts also for a copy that was never in custody, or has just ended")
    func notAdopting() {
        #expect(apply("a=; Max-Age=0") == .deleted)
        #expect(adopt("a", "old") == .refused(.outOfDate))
        #expect(apply("b=1; Max-Age=5") == .stored)
        #expect(adopt("b", "old", at: 6) == .refused(.outOfDate))
        let latin = jar.adopt(name: "c".utf8, value: [0xFF], app: "shop", isSecure: true, now: now)
        #expect(latin == .refused(.notUTF8))
        #expect(adopt("c", "x\r\ny") == .refused(.malformed))
        #expect(adopt("c", "x; d=1") == .refused(.malformed))
    }

    @Test("bounds")
    func bounds() {
        #expect(apply("a=\(String(repeating: "x", count: 4094)); Path=/") == .stored)
        #expect(apply("a=\(String(repeating: "x", count: 4094)); Path=/ab") == .refused(.tooLarge))
        #expect(apply("a=\(String(repeating: "x", count: 4096)); Path=/") == .refused(.malformed))
        #expect(adopt("b", String(repeating: "x", count: 4095)) == .refused(.tooLarge))
        for index in 1..<16 { #expect(apply("c\(index)=\(String(repeating: "x", count: 4080)); Path=/") == .stored) }
        #expect(apply("d=\(String(repeating: "x", count: 4000)); Path=/") == .refused(.tooLarge))
        #expect(apply("c1=\(String(repeating: "y", count: 4080)); Path=/") == .stored)
    }

    @Test("fifty cookies, then no more, but replacing goes on")
    func count() {
        for index in 0..<50 { #expect(apply("c\(index)=x") == .stored) }
        #expect(apply("more=x") == .refused(.tooMany))
        #expect(adopt("more", "x") == .refused(.tooMany))
        #expect(apply("c7=y") == .stored)
        #expect(apply("c7=; Max-Age=0") == .deleted)
        #expect(apply("more=x") == .stored)
    }

    @Test("the memory of deletions is bounded")
    func deletions() {
        for index in 0..<150 { #expect(apply("c\(index)=; Max-Age=0") == .deleted) }
        #expect(jar.deletedCookies.count == 100)
        #expect(jar.deletedCookies.first?.name == "c50")
    }

    @Test("a record's cookies as a jar, and back")
    func record() {
        var record = SessionRecord(createdAt: now)
        #expect(record.custody.isEmpty)
        let set = record.custody.apply("a=1".utf8, app: "shop", host: "h", path: "/".utf8, isSecure: true, now: now)
        #expect(set == .stored)
        #expect(record.cookies.map(\.value) == ["1"])
        let deletion = record.custody.apply(
            "a=; Max-Age=0".utf8, app: "shop", host: "h", path: "/".utf8, isSecure: true, now: now)
        #expect(deletion == .deleted)
        #expect(record.cookies.isEmpty)
        #expect(record.deletedCookies == [CookieKey(app: "shop", name: "a")])
    }

    @Test("the lines that remove a browser's copies")
    func removal() {
        let attributes = "Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly"
        #expect(
            RemovalLines.lines(name: "a", host: "www.shop.example") == [
                "a=; \(attributes)", "a=; \(attributes); Domain=www.shop.example",
                "a=; \(attributes); Domain=shop.example",
            ])
        #expect(RemovalLines.lines(name: "a", host: "localhost") == ["a=; \(attributes)"])
        #expect(RemovalLines.lines(name: "a", host: "127.0.0.1") == ["a=; \(attributes)"])
        #expect(RemovalLines.lines(name: "a", host: "[::1]") == ["a=; \(attributes)"])
        #expect(RemovalLines.lines(name: "__Host-a", host: "shop.example") == ["__Host-a=; \(attributes); Secure"])
        #expect(RemovalLines.lines(name: "__Secure-a", host: "shop.example").allSatisfy { $0.contains("; Secure") })
        #expect(RemovalLines.lines(name: "a;b", host: "shop.example").isEmpty)
        #expect(RemovalLines.lines(name: "a\r\nb", host: "shop.example").isEmpty)
        for line in RemovalLines.lines(name: "a", host: "www.shop.example") {
            jar = CustodyJar()
            #expect(apply(line, host: "www.shop.example") == .deleted)
        }
    }
}
