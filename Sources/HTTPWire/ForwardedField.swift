/// The `Forwarded` field (RFC 7239): what each proxy on the way says of whom it had the request from.
///
/// Read once, for requests of trusted proxies that bring it; what is not exactly as the RFC has it is nothing.
public struct ForwardedField: Equatable, Sendable {
    /// What one proxy says.
    public struct Element: Equatable, Sendable {
        /// Who it had the request from, as `X-Forwarded-For` writes it: an IP address without brackets and port, `unknown`,
        /// or an obfuscated name that begins with `_` (§6).
        public var client: String?
        /// The scheme that it was asked by, in lower case (§5.4).
        public var scheme: String?
        /// The `Host` that it was asked for (§5.3).
        public var host: String?
    }

    /// The elements in order: the first is the nearest to the client.
    public let elements: [Element]

    /// Parses the value of the field; several lines are joined with commas before (RFC 9110 §5.3). Nil if it is malformed
    /// or empty.
    public init?(_ value: some Collection<UInt8>) {
        var scanner = Scanner(Array(value))
        guard let elements = scanner.elements(), !elements.isEmpty else { return nil }
        self.elements = elements
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        /// `1#forwarded-element`; empty members of a list count for nothing (RFC 9110 §5.6.1).
        mutating func elements() -> [Element]? {
            var elements: [Element] = []
            while true {
                skipSpace()
                if next != UInt8(ascii: ","), next != nil {
                    guard let element = element() else { return nil }
                    elements.append(element)
                }
                skipSpace()
                guard let byte = next else { return elements }
                guard byte == UInt8(ascii: ",") else { return nil }
                position += 1
            }
        }

        /// `[ forwarded-pair ] *( ";" [ forwarded-pair ] )`. No parameter may come twice (§4).
        private mutating func element() -> Element? {
            var element = Element()
            var names: Set<String> = []
            while let byte = next, byte != UInt8(ascii: ","), byte != 0x20, byte != 0x09 {
                if byte == UInt8(ascii: ";") {
                    position += 1
                    continue
                }
                let name = token().lowercased()
                guard !name.isEmpty, names.insert(name).inserted, next == UInt8(ascii: "=") else { return nil }
                position += 1
                guard let value = value(), take(name, value, &element) else { return nil }
                guard next == nil || next.map({ ";, \t".utf8.contains($0) }) == true else { return nil }
            }
            return element
        }

        private func take(_ name: String, _ value: String, _ element: inout Element) -> Bool {
            switch name {
            case "for":
                element.client = ForwardedField.client(value)
                return element.client != nil
            case "proto":
                element.scheme = value.lowercased()
                return !value.isEmpty && value.utf8.allSatisfy(ForwardedField.isSchemeByte)
            case "host":
                element.host = value
                return !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !",\"".utf8.contains($0) }
            default: return true
            }
        }

        private mutating func token() -> String {
            let start = position
            while let byte = next, ForwardedField.isTokenByte(byte) { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        /// A token, or a quoted string with its escapes taken out (RFC 9110 §5.6.4).
        private mutating func value() -> String? {
            guard next == UInt8(ascii: "\"") else {
                let token = token()
                return token.isEmpty ? nil : token
            }
            position += 1
            var content: [UInt8] = []
            while let byte = next {
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = next, escaped == 0x09 || (0x20...0x7E).contains(escaped) else { return nil }
                    content.append(escaped)
                    position += 1
                case 0x09, 0x20...0x7E: content.append(byte)
                default: return nil
                }
            }
            return nil
        }

        private mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x09 { position += 1 }
        }
    }
}

extension ForwardedField {
    /// A node (§6) as `X-Forwarded-For` writes it; nil if it is none.
    private static func client(_ node: String) -> String? {
        if node.hasPrefix("[") {
            guard let close = node.firstIndex(of: "]") else { return nil }
            let address = node[node.index(after: node.startIndex)..<close]
            guard let parsed = IPAddress(address), !parsed.isIPv4 else { return nil }
            return isNodePort(node[node.index(after: close)...]) ? String(address) : nil
        }
        let name = node.prefix { $0 != ":" }
        guard isNodePort(node[name.endIndex...]) else { return nil }
        if name == "unknown" || IPAddress(name)?.isIPv4 == true || isObfuscated(name) { return String(name) }
        return nil
    }

    /// Nothing, or `:` and a port, which may be obfuscated, too (§6.2, §6.3).
    private static func isNodePort(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let port = text.dropFirst()
        guard first == ":", !port.isEmpty else { return false }
        return isObfuscated(port) || port.utf8.count <= 5 && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isObfuscated(_ text: Substring) -> Bool {
        text.utf8.count > 1 && text.first == "_"
            && text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    fileprivate static func isTokenByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }

    /// RFC 3986 §3.1.
    fileprivate static func isSchemeByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "+-.".utf8.contains(byte) }
}
