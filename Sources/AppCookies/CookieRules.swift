/// Why a cookie is not taken into custody.
public enum CookieRefusal: String, Equatable, Sendable, CaseIterable {
    /// A browser ignores the line: control characters, no name and value, or more than 4096 bytes of them.
    case malformed
    /// The name or value is not UTF-8, which a record cannot hold.
    case notUTF8
    /// `Domain` does not cover the host that set it, or is a top-level domain.
    case domainMismatch
    /// The name has the prefix `__Host-`, `__Secure-` or `__Http-` without the attributes that it promises.
    case prefix
    /// `Secure` on a response to a request that was not.
    case insecureConnection
    /// The jar holds as many cookies as it may.
    case tooMany
    /// The jar would hold more bytes than it may.
    case tooLarge
    /// A cookie of this name is in custody, or was and has been deleted: a browser's old copy is out of date.
    case outOfDate
}

/// The rules by which browsers refuse a cookie and choose the cookies of a request (RFC 6265bis §5).
public enum CookieRules {
    /// Why a browser would not store the cookie, or `nil`.
    ///
    /// `SameSite` plays no part: it says which requests of a browser carry a cookie, and one in custody is carried by
    /// none.
    ///
    /// - Parameters:
    ///   - host: the host that answered, lowercased, without port.
    ///   - isSecure: whether the browser's connection was.
    public static func refusal(of cookie: SetCookie, host: String, isSecure: Bool) -> CookieRefusal? {
        if let domain = cookie.domain, !covers(domain: domain, host: Array(host.utf8)) { return .domainMismatch }
        if cookie.isSecure, !isSecure { return .insecureConnection }
        // A cookie without a name is sent as its value, which could then look like another one's name.
        let name = cookie.name.isEmpty ? cookie.value : cookie.name
        let isForWholeHost = cookie.isSecure && cookie.domain == nil && cookie.path == [UInt8(ascii: "/")]
        if name.hasPrefixFolded("__secure-"), !cookie.isSecure { return .prefix }
        if name.hasPrefixFolded("__host-"), !isForWholeHost { return .prefix }
        if name.hasPrefixFolded("__http-"), !cookie.isSecure || !cookie.isHTTPOnly { return .prefix }
        if name.hasPrefixFolded("__host-http-"), !isForWholeHost || !cookie.isHTTPOnly { return .prefix }
        if cookie.name.isEmpty, name.hasPrefixFolded("__secure-") || name.hasPrefixFolded("__h") { return .prefix }
        return nil
    }

    /// The directory of the request's path: the default `Path` (RFC 6265bis §5.1.4).
    ///
    /// - Parameter path: the path of the request's target; a query is ignored.
    public static func defaultPath(of path: some Collection<UInt8>) -> [UInt8] {
        let path = Array(path.prefix { $0 != UInt8(ascii: "?") })
        guard path.first == UInt8(ascii: "/"), let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
            return [UInt8(ascii: "/")]
        }
        return Array(path[..<slash])
    }

    /// Whether a cookie with this path goes along with a request for that one (RFC 6265bis §5.1.4).
    public static func matches(cookiePath: some Collection<UInt8>, path: some Collection<UInt8>) -> Bool {
        let path = path.prefix { $0 != UInt8(ascii: "?") }
        guard path.starts(with: cookiePath) else { return false }
        let rest = path.dropFirst(cookiePath.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") || cookiePath.endsWithSlash
    }

    /// Whether `Domain` names the host or a parent of it (RFC 6265bis §5.1.3). A parent of one label is a public
    /// suffix; the longer ones make no difference, because custody drops the domain.
    static func covers(domain: [UInt8], host: [UInt8]) -> Bool {
        if domain == host { return true }
        guard domain.contains(UInt8(ascii: ".")), !isAddress(host), host.count > domain.count else { return false }
        return host.suffix(domain.count) == domain[...] && host[host.count - domain.count - 1] == UInt8(ascii: ".")
    }

    /// An IPv6 address, or what ends in a number and so must be an IPv4 address (WHATWG URL §3.5).
    static func isAddress(_ host: [UInt8]) -> Bool {
        if host.contains(UInt8(ascii: ":")) { return true }
        guard let last = host.split(separator: UInt8(ascii: ".")).last else { return false }
        return last.allSatisfy(\.isDigit)
    }
}

extension Collection<UInt8> {
    fileprivate var endsWithSlash: Bool {
        !isEmpty && self[index(startIndex, offsetBy: count - 1)] == UInt8(ascii: "/")
    }
}
