/// What the names of `[group.headers]` must be like.
enum HeaderNameRules {
    /// What is wrong with a name, or nil.
    static func complaint(_ name: String) -> (message: String, remedy: [String])? {
        guard Names.isToken(name), name.utf8.count <= 64 else {
            return (
                "\(Display.quote(name)) cannot be the name of a header field", ["use up to 64 letters, digits and -"]
            )
        }
        guard name.contains("-") else {
            return ("\(Display.quote(name)) has no -, as names with a standard meaning have", ["write \"X-\(name)\""])
        }
        let folded = fold(name)
        guard !standardNames.contains(folded), !standardPrefixes.contains(where: folded.hasPrefix) else {
            return (
                "\(Display.quote(name)) has a meaning already", ["choose a name of your own, like \"X-Session-Id\""]
            )
        }
        return nil
    }

    /// How an upstream that turns names into variables could see a name: CGI, WSGI and PHP fold case, `-`, `_` and `.`.
    static func fold(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
    }

    private static let standardPrefixes = [
        "accept-", "access-control-", "content-", "cross-origin-", "if-", "proxy-", "sec-", "x-forwarded-", "x-accel-",
    ]

    private static let standardNames: Set<String> = [
        "alt-svc", "cache-control", "cdn-cache-control", "clear-site-data", "device-memory", "early-data", "keep-alive",
        "last-event-id", "last-modified", "max-forwards", "origin-agent-cluster", "permissions-policy",
        "referrer-policy",
        "reporting-endpoints", "retry-after", "server-timing", "service-worker", "service-worker-allowed", "set-cookie",
        "set-login", "strict-transport-security", "timing-allow-origin", "transfer-encoding",
        "upgrade-insecure-requests",
        "user-agent", "www-authenticate", "x-content-type-options", "x-csrf-token", "x-frame-options",
        "x-http-method-override", "x-original-url", "x-powered-by", "x-real-ip", "x-request-id", "x-requested-with",
        "x-rewrite-url", "x-robots-tag", "x-xss-protection",
    ]
}
