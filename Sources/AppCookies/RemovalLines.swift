/// Removes from a browser the copies of a cookie that is in custody now.
public enum RemovalLines {
    /// The values of the `Set-Cookie` fields to send: one for a cookie of the host alone, and one for each domain that
    /// the cookie can have had, from the host to its parent of two labels. A browser ignores those that it does not
    /// allow.
    ///
    /// - Parameters:
    ///   - name: the cookie's name.
    ///   - host: the request's host, lowercased, without port.
    ///   - path: the request's path: a browser that sent the cookie has it for this path or one above, and the first
    ///     ``maxPaths`` of them are covered.
    /// - Returns: nothing when `name` cannot stand in a field value.
    public static func lines(name: String, host: String, path: String = "/") -> [String] {
        let name = Array(name.utf8)
        guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ";") }),
            !name.contains(UInt8(ascii: "=")), let text = String(validating: name, as: UTF8.self)
        else { return [] }
        // A browser ignores a deletion that breaks the rules of the name's prefix.
        let isForHost = name.hasPrefixFolded("__host-")
        let isPrefixed = isForHost || name.hasPrefixFolded("__secure-") || name.hasPrefixFolded("__http-")
        let attributes =
            "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly" + (isPrefixed ? "; Secure" : "")
        guard !isForHost else { return ["\(text)=; Path=/; \(attributes)"] }
        return paths(above: path).flatMap { path in
            let line = "\(text)=; Path=\(path); \(attributes)"
            return [line] + domains(of: host).map { "\(line); Domain=\($0)" }
        }
    }

    /// How many paths are tried.
    public static let maxPaths = 4

    /// `/`, then `/a`, `/a/b`, … as far as the request's path goes.
    private static func paths(above path: String) -> [String] {
        var all = ["/"]
        var current = ""
        for segment in path.prefix(while: { $0 != "?" }).split(separator: "/").prefix(maxPaths - 1) {
            guard segment.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") }) else { break }
            current += "/\(segment)"
            all.append(current)
        }
        return all
    }

    private static func domains(of host: String) -> [String] {
        guard !CookieRules.isAddress(Array(host.utf8)), host.utf8.allSatisfy(\.isHostByte) else { return [] }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, !labels.contains(where: \.isEmpty) else { return [] }
        return (0...labels.count - 2).map { labels[$0...].joined(separator: ".") }
    }
}

extension UInt8 {
    /// Letters, digits, `-`, `_` and `.`.
    fileprivate var isHostByte: Bool {
        isDigit || asciiLowercased &- 0x61 < 26 || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
            || self == UInt8(ascii: ".")
    }
}
