import NIOCore

/// Reads `Content-Type` (RFC 9110 §8.3) far enough to tell whether a body is HTML in an ASCII-compatible encoding.
enum MediaType {
    /// `nil` for HTML that can be changed, else why it cannot.
    static func reasonToSkip(_ field: FieldLines) -> InjectionSkip? {
        guard case .one(let value) = field else { return .mediaType }
        if value.equalsFolded("text/html; charset=utf-8") || value.equalsFolded("text/html") { return nil }
        var rest = value[...]
        let essence = rest.prefix { $0 != UInt8(ascii: ";") }
        guard essence.trimmingOWS().equalsFolded("text/html"), !hasListComma(value) else { return .mediaType }
        rest = rest[essence.endIndex...]
        while let parameter = nextParameter(&rest) {
            // The first charset counts (WHATWG MIME Sniffing); a later one is ignored by browsers, but then the
            // header is a puzzle that is better left alone.
            guard parameter.name.equalsFolded("charset") else { continue }
            if parameter.value.equalsFolded("utf-8") { continue }  // nearly always
            // Quotes may hold whitespace around the label, which browsers take off, and needless escapes.
            let label = parameter.value.filter { $0 != UInt8(ascii: "\\") }.trimmingWhitespace()
            if incompatibleLabels.contains(where: { label.equalsFolded($0) }) { return .charset }
        }
        return nil
    }

    /// Whether there is a comma outside of quotes. Browsers take such a value for several lines, the last of which counts
    /// (WHATWG Fetch §2.2.2, "extract a MIME type").
    private static func hasListComma(_ value: ByteBufferView) -> Bool {
        var isQuoted = false
        var isEscaped = false
        for byte in value {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: return true
            default: break
            }
        }
        return false
    }

    /// The labels of UTF-16 and of the "replacement" encoding (WHATWG Encoding §4.2): in the first, tags are not ASCII
    /// bytes; the second shows nothing of the page. `utf-32` and `utf-7` are no labels, but say what the author meant.
    private static let incompatibleLabels: [StaticString] = [
        "utf-16", "utf-16le", "utf-16be", "unicode", "unicodefeff", "unicodefffe", "csunicode", "ucs-2",
        "iso-10646-ucs-2", "utf-32", "utf-32le", "utf-32be", "utf-7", "replacement", "hz-gb-2312", "csiso2022kr",
        "iso-2022-kr", "iso-2022-cn", "iso-2022-cn-ext",
    ]

    /// Takes one `;name=value` off the front; a quoted value comes without its quotes (its escapes are left in).
    private static func nextParameter(
        _ rest: inout ByteBufferView.SubSequence
    ) -> (name: ByteBufferView.SubSequence, value: ByteBufferView.SubSequence)? {
        while let first = rest.first {
            guard first == UInt8(ascii: ";") || first.isOWS else { break }
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return nil }
        let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
        rest = rest[name.endIndex...]
        guard rest.first == UInt8(ascii: "=") else { return (name.trimmingOWS(), rest.prefix(0)) }
        rest = rest.dropFirst().drop { $0.isOWS }
        guard rest.first == UInt8(ascii: "\"") else {
            let value = rest.prefix { $0 != UInt8(ascii: ";") }
            rest = rest[value.endIndex...]
            return (name.trimmingOWS(), value.trimmingOWS())
        }
        rest = rest.dropFirst()
        var isEscaped = false
        let value = rest.prefix { byte in
            if isEscaped {
                isEscaped = false
                return true
            }
            isEscaped = byte == UInt8(ascii: "\\")
            return byte != UInt8(ascii: "\"")
        }
        rest = rest[value.endIndex...].dropFirst()
        return (name.trimmingOWS(), value.trimmingOWS())
    }
}
