import ContentPolicy
import Testing

/// Policies of the kinds that real sites send.
@Suite("Policies as sites send them") struct RealPolicyTests {
    static let rows = [
        Row(
            "a forge: everything shut, scripts from an asset host",
            "default-src 'none'; base-uri 'self'; connect-src 'self' uploads.example wss://live.example; "
                + "img-src 'self' data: *.avatars.example; script-src assets.example; style-src 'unsafe-inline' "
                + "assets.example; upgrade-insecure-requests; worker-src assets.example shop.example/worker/",
            .becomes(
                "default-src 'none'; base-uri 'self'; connect-src 'self' uploads.example wss://live.example {P}; "
                    + "img-src 'self' data: *.avatars.example; script-src assets.example {L}; style-src "
                    + "'unsafe-inline' assets.example; upgrade-insecure-requests; worker-src assets.example "
                    + "shop.example/worker/")),
        Row("django-csp as it comes", "default-src 'self'", .becomes("default-src 'self'; connect-src 'self' {P}")),
        Row(
            "django-csp with a nonce",
            "default-src 'self'; script-src 'self' 'nonce-mFW2ZyYf7sBa6o1vXg4kHA=='; img-src 'self' data:",
            .becomes(
                "default-src 'self'; script-src 'self' 'nonce-mFW2ZyYf7sBa6o1vXg4kHA=='; img-src 'self' data:; "
                    + "connect-src 'self' {P}")),
        Row(
            "Rails' template: https everywhere",
            "default-src 'self' https:; font-src 'self' https: data:; img-src 'self' https: data:; object-src 'none'; "
                + "script-src 'self' https:; style-src 'self' https:"),
        Row(
            "a cloud in PHP: everything of the page comes by nonce",
            "default-src 'none';base-uri 'none';manifest-src 'self';script-src 'nonce-TnJ2c1ZxQT06Zm9v' "
                + "'strict-dynamic' 'unsafe-eval';style-src 'self' 'unsafe-inline';connect-src 'self';"
                + "frame-ancestors 'self';form-action 'self'",
            .becomes(
                "default-src 'none';base-uri 'none';manifest-src 'self';script-src 'nonce-TnJ2c1ZxQT06Zm9v' "
                    + "'strict-dynamic' 'unsafe-eval';style-src 'self' 'unsafe-inline';connect-src 'self' {P};"
                    + "frame-ancestors 'self';form-action 'self'"), tag: " nonce=\"TnJ2c1ZxQT06Zm9v\""),
        Row(
            "a WordPress plugin: anything goes",
            "default-src * data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self';"),
        Row("a WordPress plugin: only mixed content matters", "upgrade-insecure-requests;"),
        Row(
            "a WordPress plugin that lists hosts, with a semicolon at the end",
            "default-src https: 'unsafe-inline' 'unsafe-eval'; script-src https://www.example.com https://s.w.example "
                + "'unsafe-inline' 'unsafe-eval';",
            .becomes(
                "default-src https: 'unsafe-inline' 'unsafe-eval'; script-src https://www.example.com "
                    + "https://s.w.example 'unsafe-inline' 'unsafe-eval' {L};")),
        Row(
            "the strict policy by nonce, with its fallbacks for old browsers",
            "script-src 'nonce-2726c7f26c' 'strict-dynamic' https: 'unsafe-inline'; object-src 'none'; base-uri 'none'",
            tag: " nonce=\"2726c7f26c\""),
        Row(
            "the strict policy by hash",
            "script-src 'sha256-V2kaaafImTjn8RQTWZmF4IfGfQ7Qsqsw9GWaFjzFNPg=' 'strict-dynamic'; object-src 'none'; "
                + "base-uri 'none';",
            .becomes(
                "script-src 'sha256-V2kaaafImTjn8RQTWZmF4IfGfQ7Qsqsw9GWaFjzFNPg=' 'strict-dynamic' '{H}'; "
                    + "object-src 'none'; base-uri 'none';"), tag: " integrity=\"{H}\" crossorigin=\"anonymous\""),
        Row(
            "a static site that lists its inline scripts",
            "default-src 'none'; script-src 'sha256-abc=' 'sha384-def='; style-src 'self'; img-src 'self'",
            .becomes(
                "default-src 'none'; script-src 'sha256-abc=' 'sha384-def=' {L}; style-src 'self'; img-src 'self'; "
                    + "connect-src {E} {P}")),
        Row(
            "a page of generated documentation",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox", .blocked(.sandboxed)),
        Row(
            "user content, sandboxed", "default-src 'none'; sandbox allow-scripts allow-popups", .blocked(.sandboxed)),
        Row(
            "Helmet's defaults",
            "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
                + "frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';"
                + "script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
            .becomes(
                "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
                    + "frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';"
                    + "script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests; "
                    + "connect-src 'self' {P}")),
        Row("a frame guard", "frame-ancestors 'none'"),
        Row(
            "an application and its reverse proxy send one each",
            "frame-ancestors 'self'\ndefault-src 'self' 'unsafe-inline'; report-uri /csp",
            .becomes(
                "frame-ancestors 'self'\ndefault-src 'self' 'unsafe-inline'; report-uri /csp; "
                    + "connect-src 'self' 'unsafe-inline' {P}")),
        Row(
            "a single-page application with its services",
            "script-src 'self' 'wasm-unsafe-eval'; connect-src https://api.example wss://api.example; "
                + "worker-src blob:; report-to csp",
            .becomes(
                "script-src 'self' 'wasm-unsafe-eval'; connect-src https://api.example wss://api.example {E} {P}; "
                    + "worker-src blob:; report-to csp")),
    ]

    @Test(arguments: rows) func row(_ row: Row) throws { try row.check() }
}
