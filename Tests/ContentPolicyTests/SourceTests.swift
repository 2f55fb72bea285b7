import ContentPolicy
import Testing

/// Which source expressions allow the loader's address (CSP3 §6.7.2.8 to §6.7.2.12).
@Suite("Source expressions") struct SourceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let reason: String
        let expression: String
        let allows: Bool
        var testDescription: String { "\(expression): \(reason)" }

        init(_ expression: String, _ allows: Bool, _ reason: String) {
            (self.reason, self.expression, self.allows) = (reason, expression, allows)
        }

        func check(origin: String) throws {
            let expected: Row.Outcome =
                allows ? .same : .becomes("script-src \(expression) \(origin)/crossdomain/loader.js")
            try Row(reason, "script-src \(expression)", expected).check(origin: origin)
        }
    }

    static let hosts = [
        Case("*", true, "everything"),
        Case("shop.example", true, "the host"),
        Case("SHOP.Example", true, "the host, folded"),
        Case("shop.example.", false, "a final dot makes another host"),
        Case("example", false, "a parent"),
        Case("www.shop.example", false, "a child"),
        Case("op.example", false, "an end"),
        Case("shop.exampl", false, "a beginning"),
        Case("*.example", true, "a wildcard for one label"),
        Case("*.EXAMPLE", true, "a wildcard, folded"),
        Case("*.shop.example", false, "a wildcard does not stand for nothing"),
        Case("*shop.example", false, "a wildcard without its dot"),
        Case("*op.example", false, "a wildcard inside a label"),
        Case("shop.*", false, "a wildcard at the end"),
        Case("*.", false, "a wildcard with nothing after its dot"),
        Case("https://*", true, "every host of a scheme"),
        Case("*:*", true, "every host on every port"),
        Case("*:443", true, "every host on the port"),
        Case("**", false, "two wildcards"),
        Case("[::1]", false, "IPv6 has no place in CSP"),
        Case("'shop.example'", false, "a host in quotes is a keyword nobody knows"),
    ]

    static let schemes = [
        Case("https:", true, "the scheme"),
        Case("HTTPS:", true, "the scheme, folded"),
        Case("http:", true, "http promises https"),
        Case("https", false, "a host called https"),
        Case(":", false, "no scheme"),
        Case("wss:", false, "engines differ, so no"),
        Case("data: blob:", false, "other schemes"),
        Case("https://shop.example", true, "scheme and host"),
        Case("http://shop.example", true, "the upgrade"),
        Case("hTTp://shop.example", true, "the upgrade, folded"),
        Case("ftp://shop.example", false, "another scheme"),
        Case("://shop.example", false, "an empty scheme"),
        Case("//shop.example", false, "no host before the path"),
        Case("https:shop.example", false, "no slashes"),
        Case("https://", false, "no host"),
    ]

    static let ports = [
        Case("shop.example:443", true, "the default port by number"),
        Case("shop.example:0443", true, "a decimal number"),
        Case("shop.example:*", true, "every port"),
        Case("shop.example:80", false, "another port"),
        Case("http://shop.example:80", false, "the upgrade keeps an explicit port"),
        Case("http://shop.example:443", true, "the upgrade on the right port"),
        Case("shop.example:", false, "no port"),
        Case("shop.example:4 43", false, "a port in two"),
        Case("shop.example:-443", false, "no digits"),
        Case("shop.example:443x", false, "not only digits"),
        Case("shop.example:65979", false, "443 modulo 65536"),
        Case("shop.example:18446744073709552059", false, "443 modulo 2⁶⁴"),
        Case("shop.example:443:443", false, "two ports"),
    ]

    static let paths = [
        Case("shop.example/", true, "the root and all below"),
        Case("shop.example/crossdomain/", true, "the folder"),
        Case("shop.example/crossdomain/loader.js", true, "the file"),
        Case("shop.example:443/crossdomain/", true, "a folder behind a port"),
        Case("https://*.example/crossdomain/", true, "a folder behind a wildcard"),
        Case("shop.example/crossdomain", false, "no slash, no folder"),
        Case("shop.example/crossdomain/loader.js/", false, "a folder below the file"),
        Case("shop.example/crossdomain/loader", false, "a beginning of the file"),
        Case("shop.example/Crossdomain/", false, "paths are not folded"),
        Case("shop.example//crossdomain/", false, "an empty segment"),
        Case("shop.example/cross%64omain/", true, "a segment is decoded"),
        Case("shop.example/%63rossdomain/loader%2Ejs", true, "a segment is decoded, capital digits"),
        Case("shop.example/crossdomain%2Floader.js", false, "an encoded slash separates nothing"),
        Case("shop.example/crossdomain/%", false, "a percent sign alone"),
        Case("shop.example/crossdomain/loader.js%0", false, "half a byte"),
        Case("shop.example/crossdomain/loader.js?", false, "a query"),
        Case("shop.example/assets/", false, "another folder"),
        Case("shop.example/crossdomain/..", false, "dots are a name like any other"),
        Case("/crossdomain/", false, "a path without host"),
    ]

    @Test(arguments: hosts + schemes + ports + paths) func https(_ each: Case) throws {
        try each.check(origin: "https://shop.example")
    }

    static let plain = [
        Case("'self'", true, "the page's origin"),
        Case("http:", true, "the scheme"),
        Case("https:", false, "http is no https"),
        Case("shop.example:8080", true, "host and port, the page's scheme"),
        Case("http://shop.example:8080", true, "all of it"),
        Case("https://shop.example:8080", false, "another scheme"),
        Case("shop.example", false, "the default port"),
        Case("shop.example:*", true, "every port"),
        Case("*", true, "everything"),
        Case("https://*", false, "every host, but https only"),
    ]

    @Test(arguments: plain) func http(_ each: Case) throws { try each.check(origin: "http://shop.example:8080") }

    @Test("'self' reaches a fetch from http to the same host over https, port for port")
    func upgrade() throws {
        let policy = "connect-src 'self'"
        try Row("", policy).check(origin: "http://shop.example", primary: "https://shop.example/crossdomain")
        try Row("", policy).check(origin: "http://shop.example:81", primary: "https://shop.example:81/crossdomain")
        for (origin, primary) in [
            ("http://shop.example:81", "https://shop.example/x"), ("https://shop.example", "http://shop.example/x"),
            ("http://shop.example", "https://shop.example:444/x"), ("http://shop.example", "http://club.example/x"),
        ] {
            try Row("", policy, .becomes("\(policy) \(primary)")).check(origin: origin, primary: primary)
        }
    }

    @Test("a host without scheme has the page's scheme, or better")
    func schemeless() throws {
        let policy = "connect-src 'self' club.example"
        try Row("", policy).check(origin: "http://shop.example", primary: "http://club.example/x")
        try Row("", policy).check(origin: "http://shop.example", primary: "https://club.example/x")
        let down = "http://club.example/x"
        try Row("", policy, .becomes("\(policy) \(down)")).check(origin: "https://shop.example", primary: down)
    }
}
