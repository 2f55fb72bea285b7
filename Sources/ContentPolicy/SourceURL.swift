/// An `http` or `https` address without query, as source expressions are compared with it.
struct SourceURL: Sendable {
    enum Scheme: Sendable { case http, https }

    let scheme: Scheme
    /// In lower case.
    let host: [UInt8]
    /// Never absent: the scheme's default where the address names none.
    let port: Int
    /// The path's segments after its first slash; none for an origin.
    let segments: [[UInt8]]
    /// The source expression that allows this address and nothing else.
    let expression: [UInt8]

    /// Reads an absolute address; nil for another scheme, user information, a query, an IPv6 address, or anything that
    /// could not be written into a source list.
    init?(_ text: String) {
        let bytes = Array(text.utf8)[...]
        if bytes.startsFolded("https://") {
            scheme = .https
        } else if bytes.startsFolded("http://") {
            scheme = .http
        } else {
            return nil
        }
        let rest = bytes.dropFirst(scheme == .https ? 8 : 7)
        let pathStart = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let path = rest[pathStart...]
        guard let (host, port) = HostSource.split(rest[..<pathStart]), port != .any, !host.isEmpty,
            host.allSatisfy(\.isAddressCharacter), path.allSatisfy(\.isPathCharacter)
        else { return nil }
        self.host = host.map(\.asciiLowercased)
        if case .number(let number) = port { self.port = number } else { self.port = scheme.defaultPort }
        segments = path.isEmpty ? [] : SourceURL.segments(of: path)
        expression = Array(bytes)
    }

    /// Whether a source expression can name this host at all: CSP has no underscores, and knows no IP address but
    /// 127.0.0.1 (CSP3 §6.7.2.10).
    var isExpressible: Bool {
        if host.elementsEqual("127.0.0.1".utf8) { return true }
        let isIPv4 = host.allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: ".") }
        return !isIPv4 && !host.contains(UInt8(ascii: "_"))
    }

    var isDefaultPort: Bool { port == scheme.defaultPort }

    static func segments(of path: Bytes) -> [[UInt8]] {
        path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(percentDecoded)
    }

    /// WHATWG URL §1.3: a `%` that two hexadecimal digits do not follow stands for itself.
    private static func percentDecoded(_ segment: Bytes) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = segment
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let high = rest.first?.hexadecimalValue,
                let low = rest.dropFirst().first?.hexadecimalValue
            else {
                decoded.append(byte)
                continue
            }
            decoded.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        return decoded
    }
}

extension SourceURL.Scheme {
    var defaultPort: Int { self == .https ? 443 : 80 }
}

extension UInt8 {
    fileprivate var isAddressCharacter: Bool {
        isASCIILetter || isASCIIDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
            || self == UInt8(ascii: ".")
    }

    /// The unreserved characters (RFC 3986 §2.3) and the slash: what means the same in an address and in a policy.
    fileprivate var isPathCharacter: Bool {
        isAddressCharacter || self == UInt8(ascii: "/") || self == UInt8(ascii: "~")
    }
}
