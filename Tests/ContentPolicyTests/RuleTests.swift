import ContentPolicy
import Testing

/// Which directive decides, and what it gains.
@Suite("Rules") struct RuleTests {
    static let directives = [
        Row("script-src-elem decides before script-src", "script-src 'none'; script-src-elem 'self'"),
        Row(
            "script-src-elem is what is changed", "script-src 'self'; script-src-elem 'none'",
            .becomes("script-src 'self'; script-src-elem {L}")),
        Row("script-src decides before default-src", "default-src 'none'; script-src 'self'; connect-src *"),
        Row("script-src-attr does not concern the tag", "script-src-attr 'none'; script-src 'self'"),
        Row("worker-src does not concern the tag", "worker-src 'none'"),
        Row("styles do not concern the tag", "style-src 'none'; img-src 'none'; object-src 'none'"),
        Row(
            "a nonce in script-src does not help where script-src-elem decides",
            "script-src 'nonce-abc'; script-src-elem https://a.example",
            .becomes("script-src 'nonce-abc'; script-src-elem https://a.example {L}")),
        Row("base-uri does not concern the tag", "base-uri 'none'; form-action 'none'"),
        Row("Trusted Types with a policy name", "trusted-types loader; require-trusted-types-for 'script'"),
    ]

    static let copies = [
        Row(
            "the copy of default-src has everything that scripts could use",
            "default-src https://a.example 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' 'report-sample'; connect-src *",
            .becomes(
                "default-src https://a.example 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' 'report-sample'; "
                    + "connect-src *; script-src https://a.example 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' "
                    + "'report-sample' {L}")),
        Row(
            "a copy of default-src for fetching alone", "default-src 'self' data:; script-src 'self'",
            .becomes("default-src 'self' data:; script-src 'self'; connect-src 'self' data: {P}")),
        Row(
            "script-src-attr and worker-src do not stand in the way of a copy",
            "default-src a.example; script-src-attr 'unsafe-inline'; worker-src 'self'; connect-src *",
            .becomes(
                "default-src a.example; script-src-attr 'unsafe-inline'; worker-src 'self'; connect-src *; "
                    + "script-src a.example {L}")),
        Row(
            "an empty default-src is copied as nothing", "default-src",
            .becomes("default-src; script-src {L}; connect-src {E} {P}")),
        Row(
            "default-src with a nonce: the tag gets it, and only fetching is copied", "default-src 'nonce-abc'",
            .becomes("default-src 'nonce-abc'; connect-src 'nonce-abc' {E} {P}"), tag: " nonce=\"abc\""),
        Row(
            "default-src with strict-dynamic: the copy gets the hash",
            "default-src 'strict-dynamic' 'sha256-AAAA'; connect-src *",
            .becomes(
                "default-src 'strict-dynamic' 'sha256-AAAA'; connect-src *; "
                    + "script-src 'strict-dynamic' 'sha256-AAAA' '{H}'"),
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
    ]

    static let connecting = [
        Row("both addresses are allowed already", "connect-src https:"),
        Row("http: promises https", "connect-src http:"),
        Row("the primary by its host", "connect-src 'self' club.example"),
        Row("the primary by a wildcard", "connect-src 'self' https://*.example"),
        Row("the primary by its exact path", "connect-src 'self' https://club.example/crossdomain"),
        Row(
            "only the own origin is missing", "connect-src https://club.example",
            .becomes("connect-src https://club.example {E}")),
        Row(
            "a folder does not include the address of its name", "connect-src 'self' club.example/crossdomain/",
            .becomes("connect-src 'self' club.example/crossdomain/ {P}")),
        Row("web sockets are no promise for fetch", "connect-src wss: ws:", .becomes("connect-src wss: ws: {E} {P}")),
        Row("nonces do not count for fetch", "connect-src 'nonce-abc'", .becomes("connect-src 'nonce-abc' {E} {P}")),
        Row(
            "strict-dynamic does not count for fetch: 'self' stays in force",
            "default-src 'self' 'strict-dynamic' 'nonce-abc'; connect-src 'self' *.example 'strict-dynamic'",
            tag: " nonce=\"abc\""),
        Row(
            "each policy for itself", "connect-src 'self', connect-src club.example",
            .becomes("connect-src 'self' {P}, connect-src club.example {E}")),
    ]

    static let sandboxes = [
        Row("scripts and origin: as good as none", "sandbox allow-scripts allow-same-origin allow-forms"),
        Row("tokens are folded", "sandbox Allow-Scripts ALLOW-SAME-ORIGIN"),
        Row("no tokens", "sandbox", .blocked(.sandboxed)),
        Row("no scripts", "sandbox allow-same-origin", .blocked(.sandboxed)),
        Row("no origin", "sandbox allow-scripts", .blocked(.sandboxed)),
        Row("a longer token is another one", "sandbox allow-scripts-x allow-same-origin", .blocked(.sandboxed)),
        Row("sandboxes add up", "sandbox allow-scripts allow-same-origin\nsandbox allow-scripts", .blocked(.sandboxed)),
        Row("a sandbox elsewhere in the list", "script-src 'self', img-src *; sandbox", .blocked(.sandboxed)),
        Row("nothing is rewritten in a sandbox", "default-src 'none'; sandbox", .blocked(.sandboxed)),
    ]

    @Test(arguments: directives + copies + connecting + sandboxes) func row(_ row: Row) throws { try row.check() }

    @Test("without a policy there is nothing to do")
    func nothing() throws {
        #expect(Seen(try Shop.policy().adapt([])) == Seen(policies: nil, tag: ""))
        let tag = Seen(try Shop.policy().adapt([], needsIntegrity: true)).tag
        #expect(tag == Shop.expand(" integrity=\"{H}\" crossorigin=\"anonymous\""))
    }

    @Test("on the primary itself there is one address to fetch from")
    func onThePrimary() throws {
        try Row("", "connect-src 'self'").check(primary: nil)
        try Row("", "connect-src 'none'", .becomes("connect-src {E}")).check(primary: nil)
    }

    @Test("a port is part of the address")
    func port() throws {
        let own = "https://shop.example:8443"
        try Row("", "script-src 'self'; connect-src *").check(origin: own)
        try Row("", "script-src shop.example", .becomes("script-src shop.example \(own)/crossdomain/loader.js"))
            .check(origin: own)
        try Row("", "connect-src 'none'", .becomes("connect-src \(own)/crossdomain")).check(origin: own, primary: nil)
    }

    @Test(
        "a host that CSP cannot name", arguments: ["http://10.0.0.7", "http://shop_one.example", "https://1.2.3.4:444"])
    func unnameable(origin: String) throws {
        try Row("'self' needs no name", "script-src 'self'; connect-src 'self'").check(origin: origin, primary: nil)
        try Row("nor does a scheme", "script-src http:; connect-src *").check(origin: origin, primary: nil)
        try Row("nor a nonce", "script-src 'nonce-a'", tag: " nonce=\"a\"").check(origin: origin, primary: nil)
        try Row("an address would be none", "script-src 'none'", .blocked(.unnameableHost)).check(origin: origin)
        try Row("fetching is left alone", "connect-src 'none'").check(origin: origin, primary: nil)
    }

    @Test("127.0.0.1 has a name")
    func loopback() throws {
        try Row("", "script-src 'none'", .becomes("script-src http://127.0.0.1:8080/crossdomain/loader.js"))
            .check(origin: "http://127.0.0.1:8080")
        try Row("", "script-src 127.0.0.1:8080").check(origin: "http://127.0.0.1:8080")
    }

    @Test(
        "addresses that no policy could hold",
        arguments: [
            "shop.example", "ftp://shop.example", "https://", "https://a b.example", "https://user@shop.example",
            "https://[::1]", "https://shop.example:", "https://shop.example:*", "https://shop.example:65536",
            "https://shop.example;", "https://shop.example,", "https://shop.example/", "https://shöp.example",
            "https://*.example",
        ])
    func badOrigins(origin: String) {
        #expect(LoaderPolicy(origin: origin, primaryEndpoint: nil, loaderHash: Shop.hash) == nil)
    }

    @Test("paths, primaries and hashes that no policy could hold")
    func badSettings() {
        for path in ["/a;b", "/a,b", "/a b", "/a?b", "/a\"b", "/a%20b"] {
            #expect(
                LoaderPolicy(origin: Shop.origin, loaderPath: path, primaryEndpoint: nil, loaderHash: Shop.hash) == nil)
        }
        #expect(LoaderPolicy(origin: Shop.origin, primaryEndpoint: "club.example", loaderHash: Shop.hash) == nil)
        for hash in ["", "sha256-", "sha256-a\"b", "sha1-AAAA", "sha256-A=A"] {
            #expect(LoaderPolicy(origin: Shop.origin, primaryEndpoint: nil, loaderHash: hash) == nil)
        }
    }
}
