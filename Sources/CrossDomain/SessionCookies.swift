/// The names and lines of Tombolo's own cookies.
///
/// The session cookie has the `__Host-` prefix where the browser allows it (RFC 6265bis §4.1.3.2): over https and
/// host-only. Over plain http, which WebKit does not trust with Secure cookies even on `localhost`, it goes without.
public struct SessionCookies: Sendable {
    /// The configured name without prefix.
    public let base: String
    /// `Domain=` of the session cookie, where several hosts of one registrable domain share it; nil for host-only.
    public let domain: String?
    /// Whether cookies are Secure.
    public let isSecure: Bool

    /// The name of the session cookie with its prefix.
    public let sessionName: String
    /// The name of the primary's cookie for cross-site checks.
    public let checkName: String
    /// The name of the nonce that binds a handshake to the browser.
    public let nonceName: String
    /// The name of the mark that a handshake was tried.
    public let triedName: String
    /// The name of the mark, readable by script, that a check is due.
    public let dueName: String

    /// Derives all names from the configured one.
    public init(base: String, domain: String?, isSecure: Bool) {
        self.base = base
        self.domain = domain
        self.isSecure = isSecure
        sessionName = isSecure ? (domain == nil ? "__Host-" : "__Secure-") + base : base
        checkName = "\(base)-check"
        nonceName = (isSecure ? "__Host-" : "") + "\(base)-nonce"
        triedName = (isSecure ? "__Host-" : "") + "\(base)-tried"
        dueName = "\(base)-due"
    }

    /// The session cookie. `maxAge` in seconds, nil for one that ends with the browser's session.
    public func session(_ handle: String, maxAge: Int64?) -> String {
        line(sessionName, handle, path: "/", maxAge: maxAge, domain: domain)
    }

    /// Ends the session cookie.
    public func endSession() -> String { line(sessionName, "", path: "/", maxAge: 0, domain: domain) }

    /// The primary's cookie for checks from sibling domains: the only one that other sites' requests carry, and useless
    /// anywhere but at `/crossdomain`. Always Secure, for no browser takes `SameSite=None` without it.
    public func check(_ handle: String, maxAge: Int64?) -> String {
        "\(checkName)=\(handle); Path=/crossdomain\(age(maxAge)); Secure; HttpOnly; SameSite=None"
    }

    /// The nonce of a handshake under way. With the `__Host-` prefix where possible, so that no other subdomain can put
    /// one of its own there.
    public func nonce(_ value: String, lifetime: Int64) -> String {
        line(nonceName, value, path: "/", maxAge: lifetime, domain: nil)
    }

    /// Remembers that a handshake brought nothing, for `interval` seconds.
    public func tried(interval: Int64) -> String { line(triedName, "1", path: "/", maxAge: interval, domain: nil) }

    /// Tells the loader that a check is due now, whatever its own throttle says; script-readable and without secret.
    public func due() -> String { "\(dueName)=1; Path=/; Max-Age=3600\(isSecure ? "; Secure" : ""); SameSite=Lax" }

    /// Tells the loader that a comparison has just taken place, so that it need not check for `interval` seconds.
    public func notDue(for interval: Int64) -> String {
        "\(dueName)=0; Path=/; Max-Age=\(interval)\(isSecure ? "; Secure" : ""); SameSite=Lax"
    }

    private func line(_ name: String, _ value: String, path: String, maxAge: Int64?, domain: String?) -> String {
        let scope = domain.map { "; Domain=\($0)" } ?? ""
        return
            "\(name)=\(value); Path=\(path)\(scope)\(age(maxAge))\(isSecure ? "; Secure" : ""); HttpOnly; SameSite=Lax"
    }

    private func age(_ seconds: Int64?) -> String { seconds.map { "; Max-Age=\($0)" } ?? "" }
}
