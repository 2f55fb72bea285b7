import ContentPolicy
import Testing

/// The policies that were tried in real browsers, and what each needs.
@Suite("Measured in browsers") struct MeasuredTests {
    static let rows = [
        Row(
            "the own origin may run and fetch; the primary has to be added",
            "script-src 'self'; connect-src 'self'", .becomes("script-src 'self'; connect-src 'self' {P}")),
        Row(
            "default-src stands for connect-src, which becomes a copy of it",
            "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            .becomes(
                "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self' {P}"
            )),
        Row("fetch is forbidden altogether", "connect-src 'none'", .becomes("connect-src {E} {P}")),
        Row(
            "everything is forbidden: only the loader and its two addresses open", "default-src 'none'",
            .becomes("default-src 'none'; script-src {L}; connect-src {E} {P}")),
        Row("the page's nonce", "script-src 'nonce-r4nd0m'", tag: " nonce=\"r4nd0m\""),
        Row(
            "the page's nonce under strict-dynamic", "script-src 'nonce-r4nd0m' 'strict-dynamic'",
            tag: " nonce=\"r4nd0m\""),
        Row(
            "hashes only: the address, as a hash would go stale", "script-src 'sha256-AAAA'",
            .becomes("script-src 'sha256-AAAA' {L}")),
        Row(
            "hashes under strict-dynamic: the hash, as addresses do not count",
            "script-src 'sha256-AAAA' 'strict-dynamic'", .becomes("script-src 'sha256-AAAA' 'strict-dynamic' '{H}'"),
            tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "two policies, one without us: each must allow", "script-src 'self'\nscript-src https://cdn.example",
            .becomes("script-src 'self'\nscript-src https://cdn.example {L}")),
        Row("a sandbox without origin", "sandbox allow-scripts", .blocked(.sandboxed)),
        Row("Trusted Types do not concern a tag of the parser", "require-trusted-types-for 'script'"),
        Row("no policy that matters", "upgrade-insecure-requests; block-all-mixed-content"),
    ]

    @Test(arguments: rows) func row(_ row: Row) throws { try row.check() }
}
