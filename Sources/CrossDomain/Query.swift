/// Query strings, at the few places where the ladder reads or writes one. Works on the encoded text: nothing that belongs
/// to the app is decoded and encoded again.
public enum Query {
    /// The value of the ticket parameter that says "no handshake now": for browsers that drop cookies.
    public static let noTicket = "none"

    /// The percent-decoded value of the first parameter `name`; nil if there is none or it is not UTF-8.
    static func value(_ name: String, of target: String) -> String? {
        for pair in pairs(of: target) where pair.hasPrefix(name + "=") {
            return decoded(pair.dropFirst(name.utf8.count + 1))
        }
        return nil
    }

    /// Takes every parameter `name` out of the query; nil if there was none. The rest stays byte for byte.
    public static func removing(_ name: String, from target: String) -> (clean: String, value: String)? {
        guard let mark = target.firstIndex(of: "?") else { return nil }
        var value: String?
        let kept = target[target.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false).filter {
            guard $0.hasPrefix(name + "=") else { return true }
            if value == nil { value = String($0.dropFirst(name.utf8.count + 1)) }
            return false
        }
        guard let value else { return nil }
        let path = target[..<mark]
        return (kept.isEmpty ? String(path) : path + "?" + kept.joined(separator: "&"), value)
    }

    /// Adds `name=value` (both in need of no encoding) to the query of a path or an absolute URL, before its fragment.
    static func appending(_ name: String, _ value: String, to url: String) -> String {
        let fragmentAt = url.firstIndex(of: "#") ?? url.endIndex
        let base = url[..<fragmentAt]
        let joint = base.contains("?") ? (base.hasSuffix("?") || base.hasSuffix("&") ? "" : "&") : "?"
        return "\(base)\(joint)\(name)=\(value)\(url[fragmentAt...])"
    }

    /// Whether `path` is an address on this very host and stays one in every browser: begins with one slash, then no
    /// slash or backslash, and no control characters or spaces anywhere (browsers drop tabs and line ends first).
    static func isLocal(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
        guard bytes.count > 1 else { return true }
        return bytes[1] != UInt8(ascii: "/") && bytes[1] != UInt8(ascii: "\\")
    }

    private static func pairs(of target: String) -> [Substring] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&")
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
