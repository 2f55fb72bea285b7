public import Sessions

/// What a line or a browser's cookie did to a jar.
public enum CustodyChange: Equatable, Sendable {
    /// Nothing that would have to be stored.
    case unchanged
    /// A cookie is new or has a new value, path, flag or end.
    case stored
    /// A cookie is gone, and its key is remembered.
    case deleted
    /// Nothing changed, for this reason.
    case refused(CookieRefusal)
}

/// The bounds of a jar, those of a session's record in the store.
public struct CustodyLimits: Equatable, Sendable {
    /// The longest name, value and path together, in bytes.
    public var cookieBytes = 4096
    /// Cookies of all apps together.
    public var cookies = 50
    /// Bytes of all cookies together.
    public var totalBytes = 64 * 1024
    /// Keys of deleted cookies; beyond, the oldest are forgotten.
    public var deletedKeys = 100

    /// The default bounds: 4 KiB, 50 cookies, 64 KiB, 100 keys.
    public init() {}
}

/// The apps' own cookies that a session holds in custody: what a browser's cookie store does, but keyed by app instead
/// of host, so that all domains of an app share them.
///
/// A jar is made from a record, changed, and put back. Cookies keep the order of their creation.
public struct CustodyJar: Equatable, Sendable {
    /// The cookies, oldest first.
    public private(set) var cookies: [AppCookie]
    /// The names that were in custody and have been deleted or have expired: what a browser still holds of them from
    /// before Tombolo must not come to life again.
    public private(set) var deletedCookies: [CookieKey]
    private let limits: CustodyLimits

    /// A jar with a record's cookies.
    public init(cookies: [AppCookie] = [], deletedCookies: [CookieKey] = [], limits: CustodyLimits = CustodyLimits()) {
        self.cookies = cookies
        self.deletedCookies = deletedCookies
        self.limits = limits
    }

    /// Whether nothing is held and nothing remembered.
    public var isEmpty: Bool { cookies.isEmpty && deletedCookies.isEmpty }

    /// Takes a `Set-Cookie` line of an app's response: stores, replaces or deletes as a browser would. `Domain` is
    /// checked and then dropped.
    ///
    /// - Parameters:
    ///   - setCookie: the field's value.
    ///   - app: the app that sent it.
    ///   - host: the request's host, lowercased, without port.
    ///   - path: the path of the request's target, as the upstream saw it.
    ///   - isSecure: whether the browser's connection was.
    ///   - now: the current time.
    public mutating func apply(
        _ setCookie: some Collection<UInt8>, app: String, host: String, path: some Collection<UInt8>, isSecure: Bool,
        now: Timestamp
    ) -> CustodyChange {
        guard let parsed = SetCookieParser.parse(setCookie) else { return .refused(.malformed) }
        if let refusal = CookieRules.refusal(of: parsed, host: host, isSecure: isSecure) { return .refused(refusal) }
        guard let name = String(validating: parsed.name, as: UTF8.self),
            let value = String(validating: parsed.value, as: UTF8.self),
            let path = String(validating: parsed.path ?? CookieRules.defaultPath(of: path), as: UTF8.self)
        else { return .refused(.notUTF8) }
        let expires = parsed.expiry(now: now)
        removeExpired(now: now)
        if let expires, expires <= now { return delete(app: app, name: name, path: path) }
        return store(
            AppCookie(
                app: app, name: name, value: value, path: path, domain: nil, isSecure: parsed.isSecure,
                expires: expires, setAt: now), now: now)
    }

    /// Takes a cookie that a browser sent because it had it before Tombolo came: its attributes are not known, so it
    /// counts as one of the whole app that ends with the session.
    ///
    /// - Parameter isSecure: whether the request was; if so, the cookie goes along with secure requests only.
    public mutating func adopt(
        name: some Collection<UInt8>, value: some Collection<UInt8>, app: String, isSecure: Bool, now: Timestamp
    ) -> CustodyChange {
        guard let name = String(validating: name, as: UTF8.self), let value = String(validating: value, as: UTF8.self)
        else { return .refused(.notUTF8) }
        guard (name + value).utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ";") }) else {
            return .refused(.malformed)
        }
        removeExpired(now: now)
        let key = CookieKey(app: app, name: name)
        guard !deletedCookies.contains(key), !cookies.contains(where: { $0.app == app && $0.name == name }) else {
            return .refused(.outOfDate)
        }
        return store(
            AppCookie(
                app: app, name: name, value: value, path: "/", domain: nil, isSecure: isSecure, expires: nil,
                setAt: now), now: now)
    }

    /// The cookies that go along with a request to an app, in the order of RFC 6265bis §5.8.3: longest path first, then
    /// oldest.
    ///
    /// - Parameter isSecure: whether the browser's connection was.
    public func cookies(
        for app: String, path: some Collection<UInt8>, isSecure: Bool, now: Timestamp
    ) -> [AppCookie] {
        let found = cookies.enumerated().filter { _, cookie in
            cookie.app == app && (isSecure || !cookie.isSecure) && !cookie.isExpired(now: now)
                && CookieRules.matches(cookiePath: cookie.path.utf8, path: path)
        }
        guard found.count > 1 else { return found.map(\.element) }
        return found.sorted { left, right in
            let (first, second) = (left.element.path.utf8.count, right.element.path.utf8.count)
            return first == second ? left.offset < right.offset : first > second
        }.map(\.element)
    }

    /// Drops what has expired and remembers the names. Returns whether anything was dropped.
    @discardableResult
    public mutating func removeExpired(now: Timestamp) -> Bool {
        let expired = cookies.filter { $0.isExpired(now: now) }
        guard !expired.isEmpty else { return false }
        cookies.removeAll { $0.isExpired(now: now) }
        for cookie in expired { remember(cookie.key) }
        return true
    }

    // MARK: Changes

    private mutating func store(_ cookie: AppCookie, now: Timestamp) -> CustodyChange {
        guard cookie.byteCount <= limits.cookieBytes else { return .refused(.tooLarge) }
        let index = cookies.firstIndex { $0.app == cookie.app && $0.name == cookie.name && $0.path == cookie.path }
        if let index, cookies[index].isAsGood(as: cookie, now: now) { return .unchanged }
        let replaced = index.map { cookies[$0].byteCount } ?? 0
        if index == nil, cookies.count >= limits.cookies { return .refused(.tooMany) }
        let total = cookies.reduce(0) { $0 + $1.byteCount } - replaced + cookie.byteCount
        guard total <= limits.totalBytes else { return .refused(.tooLarge) }
        if let index { cookies[index] = cookie } else { cookies.append(cookie) }
        deletedCookies.removeAll { $0 == cookie.key }
        return .stored
    }

    private mutating func delete(app: String, name: String, path: String) -> CustodyChange {
        let key = CookieKey(app: app, name: name)
        let count = cookies.count
        cookies.removeAll { $0.app == app && $0.name == name && $0.path == path }
        if cookies.count == count, deletedCookies.contains(key) { return .unchanged }
        // Also when it was never in custody: the app has just told the browser to forget its copy.
        remember(key)
        return .deleted
    }

    private mutating func remember(_ key: CookieKey) {
        guard !deletedCookies.contains(key) else { return }
        deletedCookies.append(key)
        if deletedCookies.count > limits.deletedKeys {
            deletedCookies.removeFirst(deletedCookies.count - limits.deletedKeys)
        }
    }
}

extension AppCookie {
    func isExpired(now: Timestamp) -> Bool { expires.map { $0 <= now } ?? false }

    /// What it takes in the record, roughly.
    var byteCount: Int { name.utf8.count + value.utf8.count + path.utf8.count }

    /// Whether storing `other` instead can be spared: the same but for the end, and that is only a little later. Apps
    /// that send their cookie with every response would otherwise have the record written once a second.
    func isAsGood(as other: AppCookie, now: Timestamp) -> Bool {
        guard value == other.value, isSecure == other.isSecure else { return false }
        guard let expires, let later = other.expires else { return expires == other.expires }
        let gain = later.since(expires)
        return gain == 0 || gain > 0 && gain < min(60, later.since(now) / 16)
    }
}
