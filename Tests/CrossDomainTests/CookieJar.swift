import Sessions

@testable import CrossDomain

/// A browser's cookies, as far as the ladder depends on how browsers treat them.
struct CookieJar {
    struct Entry {
        var name: String
        var value: String
        var host: String
        var path: String
        /// The top-level site that a third-party cookie is stored under; nil in the ordinary jar.
        var partition: String?
        var isCrossSite: Bool
        var isScriptReadable: Bool
        var expires: Timestamp?
    }

    private(set) var entries: [Entry] = []
    /// Lines that a browser refuses; there must be none.
    private(set) var refused: [String] = []

    /// Takes a `Set-Cookie` line in.
    ///
    /// - Parameter isThirdParty: whether the response is to another site's script; only SameSite=None is stored then.
    mutating func set(_ text: String, host: String, partition: String?, isThirdParty: Bool, now: Timestamp) {
        let line = CookieLine(text)
        let isSecure = line.attributes["Secure"] != nil
        let isCrossSite = line.attributes["SameSite"] == "None"
        let path = line.attributes["Path"] ?? "/"
        let hostPrefixed = line.name.hasPrefix("__Host-")
        if (isCrossSite && !isSecure)
            || (hostPrefixed && (!isSecure || path != "/" || line.attributes["Domain"] != nil))
            || line.name.utf8.count + line.value.utf8.count > 4096
        {
            refused.append(text)
            return
        }
        if isThirdParty && !isCrossSite { return }
        entries.removeAll {
            $0.name == line.name && $0.host == host && $0.path == path && $0.partition == partition
        }
        let age = line.attributes["Max-Age"].flatMap { Int64($0) }
        if let age, age <= 0 { return }
        entries.append(
            Entry(
                name: line.name, value: line.value, host: host, path: path, partition: partition,
                isCrossSite: isCrossSite, isScriptReadable: line.attributes["HttpOnly"] == nil,
                expires: age.map { now.adding($0) }))
    }

    /// The cookies of a request.
    func cookies(
        host: String, path: String, partition: String?, isThirdParty: Bool, now: Timestamp
    ) -> [Entry] {
        entries.filter { entry in
            entry.host == host && entry.partition == partition && (!isThirdParty || entry.isCrossSite)
                && (entry.expires.map { now < $0 } ?? true) && Self.covers(entry.path, path)
        }
    }

    /// RFC 6265 §5.1.4.
    private static func covers(_ cookiePath: String, _ path: String) -> Bool {
        path == cookiePath
            || (path.hasPrefix(cookiePath)
                && (cookiePath.hasSuffix("/") || path.dropFirst(cookiePath.utf8.count).hasPrefix("/")))
    }

    /// Forgets a host's cookies, as tracking prevention does with domains that nobody touches.
    mutating func purge(_ host: String) { entries.removeAll { $0.host == host } }
}
