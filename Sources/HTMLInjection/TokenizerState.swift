/// The states of HTML tokenization (WHATWG HTML §13.2.5) that can be met before the head, with the standard's names.
enum TokenizerState: Equatable, Sendable {
    /// Nothing read yet: a byte order mark may come.
    case start, byteOrderMark1, byteOrderMark2
    case data
    case reference
    case tagOpen, endTagOpen, tagName
    case beforeAttributeName, attributeName, afterAttributeName
    case beforeAttributeValue, attributeValueDoubleQuoted, attributeValueSingleQuoted, attributeValueUnquoted
    case afterAttributeValueQuoted, selfClosingStartTag
    case markupDeclarationOpen
    /// After `<!-`.
    case commentOpenDash
    /// In the word `DOCTYPE`, and after it.
    case doctype, doctypeRest
    case bogusComment
    case commentStart, commentStartDash, comment, commentEndDash, commentEnd, commentEndBang

    /// The state after a byte in a comment. The standard's "less-than sign" states are left out: they only report
    /// nested comments, and end a comment exactly where the others do.
    func inComment(_ byte: UInt8) -> TokenizerState {
        switch (self, byte) {
        case (.commentStart, UInt8(ascii: "-")): .commentStartDash
        case (.commentStart, UInt8(ascii: ">")): .data
        case (.commentStartDash, UInt8(ascii: "-")): .commentEnd
        case (.commentStartDash, UInt8(ascii: ">")): .data
        case (.comment, UInt8(ascii: "-")): .commentEndDash
        case (.commentEndDash, UInt8(ascii: "-")): .commentEnd
        case (.commentEnd, UInt8(ascii: ">")): .data
        case (.commentEnd, UInt8(ascii: "!")): .commentEndBang
        case (.commentEnd, UInt8(ascii: "-")): .commentEnd
        case (.commentEndBang, UInt8(ascii: "-")): .commentEndDash
        case (.commentEndBang, UInt8(ascii: ">")): .data
        default: .comment
        }
    }

    /// The state after a byte in a tag, from the end of its name on; `data` after the `>` that ends the tag.
    func inTag(_ byte: UInt8) -> TokenizerState {
        switch self {
        case .attributeValueDoubleQuoted: return byte == UInt8(ascii: "\"") ? .afterAttributeValueQuoted : self
        case .attributeValueSingleQuoted: return byte == UInt8(ascii: "'") ? .afterAttributeValueQuoted : self
        case .attributeValueUnquoted:
            if byte == UInt8(ascii: ">") { return .data }
            return byte.isHTMLWhitespace ? .beforeAttributeName : self
        case .beforeAttributeValue:
            if byte.isHTMLWhitespace { return self }
            switch byte {
            case UInt8(ascii: "\""): return .attributeValueDoubleQuoted
            case UInt8(ascii: "'"): return .attributeValueSingleQuoted
            case UInt8(ascii: ">"): return .data
            default: return .attributeValueUnquoted
            }
        default: return betweenValues(byte)
        }
    }

    private func betweenValues(_ byte: UInt8) -> TokenizerState {
        switch byte {
        case UInt8(ascii: ">"): return .data
        case UInt8(ascii: "/"): return .selfClosingStartTag
        case UInt8(ascii: "="):
            // Before a name, "=" is the name's first character.
            return self == .attributeName || self == .afterAttributeName ? .beforeAttributeValue : .attributeName
        case _ where byte.isHTMLWhitespace:
            return self == .attributeName || self == .afterAttributeName ? .afterAttributeName : .beforeAttributeName
        default: return .attributeName
        }
    }
}

extension UInt8 {
    /// Whether a tag's name ends before this byte.
    var endsTagName: Bool { isHTMLWhitespace || self == UInt8(ascii: "/") || self == UInt8(ascii: ">") }
}

/// The first eight bytes of a lowercased name and its length: enough to know the few names that matter.
struct ShortName: Equatable, Sendable {
    private(set) var length = 0
    private var packed: UInt64 = 0

    init() {}

    init(_ name: StaticString) {
        name.withUTF8Buffer { for byte in $0 { append(byte) } }
    }

    mutating func append(_ byte: UInt8) {
        if length < 8 { packed = packed << 8 | UInt64(byte) }
        length &+= 1
    }

    /// Whether the name begins with another, of at most eight bytes.
    func hasPrefix(_ prefix: ShortName) -> Bool {
        // What is kept is the first eight bytes, so the shift is 0...64 bits.
        prefix.length <= length && packed >> (8 * (min(length, 8) - prefix.length)) == prefix.packed
    }

    static let head = ShortName("head")
    static let html = ShortName("html")
    static let body = ShortName("body")
    static let br = ShortName("br")
    static let doctype = ShortName("doctype")
    /// The root elements of RSS 2.0, Atom and RSS 1.0.
    static let feeds = [ShortName("rss"), ShortName("feed"), ShortName("rdf:rdf")]

    static func ~= (pattern: ShortName, value: ShortName) -> Bool { pattern == value }
}
