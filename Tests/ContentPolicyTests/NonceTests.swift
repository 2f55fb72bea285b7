import ContentPolicy
import Testing

/// Nonces, hashes and `'strict-dynamic'`.
@Suite("Nonces and hashes") struct NonceTests {
    static let rows = [
        Row("not needed where the address is allowed", "script-src 'self' 'nonce-abc'"),
        Row("all its characters", "script-src 'nonce-AZaz09+/-_=='", tag: " nonce=\"AZaz09+/-_==\""),
        Row("its prefix is folded, its value is not", "script-src 'NONCE-aBc'", tag: " nonce=\"aBc\""),
        Row("the first of several", "script-src 'nonce-one' 'nonce-two'", tag: " nonce=\"one\""),
        Row(
            "with 'unsafe-inline', which it switches off already", "script-src 'unsafe-inline' 'nonce-abc'",
            tag: " nonce=\"abc\""),
        Row(
            "none is ever added: it would switch 'unsafe-inline' off", "script-src 'unsafe-inline' a.example",
            .becomes("script-src 'unsafe-inline' a.example {L}")),
        Row("empty: no nonce", "script-src 'nonce-'", .becomes("script-src 'nonce-' {L}")),
        Row("without the closing quote", "script-src 'nonce-abc", .becomes("script-src 'nonce-abc {L}")),
        Row("without the opening quote", "script-src nonce-abc'", .becomes("script-src nonce-abc' {L}")),
        Row("a quote inside", "script-src 'nonce-a\"b'", .becomes("script-src 'nonce-a\"b' {L}")),
        Row("a tag inside", "script-src 'nonce-a><script>'", .becomes("script-src 'nonce-a><script>' {L}")),
        Row("an ampersand inside", "script-src 'nonce-a&quot;'", .becomes("script-src 'nonce-a&quot {L};'")),
        Row(
            "a placeholder that nobody replaced", "script-src 'nonce-{NONCE}'",
            .becomes("script-src 'nonce-{NONCE}' {L}")),
        Row("padding inside", "script-src 'nonce-a=b'", .becomes("script-src 'nonce-a=b' {L}")),
        Row("padding alone", "script-src 'nonce-='", .becomes("script-src 'nonce-=' {L}")),
        Row("too much padding", "script-src 'nonce-a==='", .becomes("script-src 'nonce-a===' {L}")),
        Row("a bad one before a good one", "script-src 'nonce-a$' 'nonce-good'", tag: " nonce=\"good\""),
        Row(
            "the same in two policies", "script-src 'nonce-abc'\nscript-src 'nonce-abc' 'strict-dynamic'",
            tag: " nonce=\"abc\""),
        Row(
            "the one that is good for both", "script-src 'nonce-a' 'nonce-b'\nscript-src 'nonce-c' 'nonce-b'",
            tag: " nonce=\"b\""),
        Row(
            "none is good for both: the first, and the address for the second",
            "script-src 'nonce-a'\nscript-src 'nonce-b'", .becomes("script-src 'nonce-a'\nscript-src 'nonce-b' {L}"),
            tag: " nonce=\"a\""),
        Row(
            "none is good for both: the first, and the hash for a strict second",
            "script-src 'nonce-a' 'strict-dynamic', script-src 'strict-dynamic' 'nonce-b'",
            .becomes("script-src 'nonce-a' 'strict-dynamic', script-src 'strict-dynamic' 'nonce-b' '{H}'"),
            tag: " nonce=\"a\" integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "the majority's", "script-src 'nonce-a'\nscript-src 'nonce-b'\nscript-src 'nonce-b'",
            .becomes("script-src 'nonce-a' {L}\nscript-src 'nonce-b'\nscript-src 'nonce-b'"), tag: " nonce=\"b\""),
        Row(
            "one repeated in one policy has one vote", "script-src 'nonce-a'\nscript-src 'nonce-b' 'nonce-b'",
            .becomes("script-src 'nonce-a'\nscript-src 'nonce-b' 'nonce-b' {L}"), tag: " nonce=\"a\""),
        Row(
            "a policy that allows the address has no vote",
            "script-src 'self' 'nonce-b', script-src 'self' 'nonce-b', script-src 'nonce-a'", tag: " nonce=\"a\""),
        Row(
            "another policy without nonce gets the address", "script-src 'nonce-a'\nscript-src 'none'",
            .becomes("script-src 'nonce-a'\nscript-src {L}"), tag: " nonce=\"a\""),
        Row(
            "a nonce for styles is none for scripts", "style-src 'nonce-abc'; script-src 'none'",
            .becomes("style-src 'nonce-abc'; script-src {L}")),

        Row(
            "strict-dynamic makes the address count for nothing",
            "script-src 'self' https: 'strict-dynamic' 'sha256-A'",
            .becomes("script-src 'self' https: 'strict-dynamic' 'sha256-A' '{H}'"),
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "strict-dynamic is folded", "script-src 'Strict-Dynamic' 'self'",
            .becomes("script-src 'Strict-Dynamic' 'self' '{H}'"),
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "strict-dynamic alone: scripts are off already, a hash switches nothing off",
            "script-src 'strict-dynamic' 'unsafe-inline'",
            .becomes("script-src 'strict-dynamic' 'unsafe-inline' '{H}'"),
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "the loader's hash is there already", "script-src 'strict-dynamic' '{H}'",
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "hashes with 'unsafe-inline': no further hash", "script-src 'sha256-A' 'unsafe-inline'",
            .becomes("script-src 'sha256-A' 'unsafe-inline' {L}")),
    ]

    @Test(arguments: rows) func row(_ row: Row) throws { try row.check() }

    @Test("a very long nonce stays out of the tag")
    func long() throws {
        let fits = String(repeating: "x", count: 256)
        #expect(Seen(try Shop.policy().adapt(lines("script-src 'nonce-\(fits)'"))).tag == " nonce=\"\(fits)\"")
        let policy = "script-src 'nonce-\(fits)x'"
        #expect(Seen(try Shop.policy().adapt(lines(policy))) == Seen(policies: "\(policy) \(Shop.loader)", tag: ""))
    }

    @Test("whatever byte a nonce has, none but its grammar's reaches the page", arguments: UInt8.min...UInt8.max)
    func everyByte(_ byte: UInt8) throws {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_".utf8)
        for (before, after) in [("", "x"), ("x", "x"), ("x", "")] {
            let line = Array("script-src 'nonce-\(before)".utf8) + [byte] + Array("\(after)'".utf8)
            let tag = Seen(try Shop.policy().adapt([line])).tag
            let isPadding = byte == UInt8(ascii: "=") && after.isEmpty
            if allowed.contains(byte) || isPadding {
                #expect(tag == " nonce=\"\(before)\(Character(Unicode.Scalar(byte)))\(after)\"")
            } else {
                #expect(tag == "")
            }
        }
    }
}
