/// Reads one JSON document (RFC 8259) as Python's `json` reads it: with `NaN` and `Infinity`, numbers of any length
/// kept as their text, and all of equal keys. Only two levels are kept, which is all that a session's user needs.
struct JSONScanner {
    typealias Member = (key: String, value: Value)

    enum Value {
        case null, boolean, array
        /// As it was written.
        case number(String)
        case string(String)
        /// Deeper than two levels, without its members.
        case object([Member])
    }

    private static let maxDepth = 64
    private let bytes: [UInt8]
    private var index = 0

    init(document: String) {
        bytes = Array(document.utf8)
    }

    /// The whole document as one value, or `nil` when it is not JSON.
    mutating func document() -> Value? {
        guard let value = value(depth: 0) else { return nil }
        skipWhitespace()
        return index == bytes.count ? value : nil
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        guard word.withUTF8Buffer({ bytes[index...].starts(with: $0) }) else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    private mutating func value(depth: Int) -> Value? {
        guard depth < Self.maxDepth else { return nil }
        skipWhitespace()
        switch next {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map(Value.string)
        case UInt8(ascii: "n"): return skip("null") ? .null : nil
        case UInt8(ascii: "t"): return skip("true") ? .boolean : nil
        case UInt8(ascii: "f"): return skip("false") ? .boolean : nil
        case UInt8(ascii: "N"): return skip("NaN") ? .number("NaN") : nil
        case UInt8(ascii: "I"): return skip("Infinity") ? .number("Infinity") : nil
        default: return skip("-Infinity") ? .number("-Infinity") : number()
        }
    }

    private mutating func object(depth: Int) -> Value? {
        index += 1
        var members: [Member] = []
        skipWhitespace()
        if skip(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipWhitespace()
            guard next == UInt8(ascii: "\""), let key = string() else { return nil }
            skipWhitespace()
            guard skip(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return nil }
            if depth < 2 { members.append((key, value)) }
            skipWhitespace()
            if skip(UInt8(ascii: "}")) { return .object(members) }
            guard skip(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func array(depth: Int) -> Value? {
        index += 1
        skipWhitespace()
        if skip(UInt8(ascii: "]")) { return .array }
        while true {
            guard value(depth: depth + 1) != nil else { return nil }
            skipWhitespace()
            if skip(UInt8(ascii: "]")) { return .array }
            guard skip(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func number() -> Value? {
        let start = index
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { guard digits() else { return nil } }
        if skip(UInt8(ascii: ".")) { guard digits() else { return nil } }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            index += 1
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            guard digits() else { return nil }
        }
        return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func digits() -> Bool {
        let start = index
        while let byte = next, byte.isDigit { index += 1 }
        return index > start
    }

    /// Takes a string with its quotation marks.
    private mutating func string() -> String? {
        index += 1
        var units: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escaped() else { return nil }
                units += Array(String(scalar).utf8)
            case ..<0x20: return nil
            default: units.append(byte)
            }
        }
        return nil
    }

    /// The character after a backslash. Half of a surrogate pair, which Python accepts, becomes U+FFFD.
    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: return nil
        }
        guard let unit = fourHexadecimalDigits() else { return nil }
        guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
        let afterFirst = index
        guard skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")), let low = fourHexadecimalDigits(),
            low & 0xFC00 == 0xDC00
        else {
            index = afterFirst
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x1_0000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func fourHexadecimalDigits() -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            switch next {
            case .some(let byte) where byte.isDigit: unit = unit << 4 | UInt32(byte - 0x30)
            case .some(let byte) where (byte | 0x20) &- 0x61 < 6: unit = unit << 4 | UInt32((byte | 0x20) - 0x57)
            default: return nil
            }
            index += 1
        }
        return unit
    }
}
