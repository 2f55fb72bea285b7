/// Tells whether a character reference (WHATWG HTML §13.2.5.72) stands for ASCII whitespace, which the parser passes
/// over before the head, or for text, which opens it.
struct CharacterReference: Sendable {
    enum Progress: Equatable {
        case needMore
        /// `isByteUsed`: the byte just given belongs to the reference (its semicolon).
        case whitespace(isByteUsed: Bool)
        case text
    }

    private enum State: Equatable { case ampersand, numberSign, hexadecimalSign, decimal, hexadecimal, named }

    private var state = State.ampersand
    private var code: UInt32 = 0
    private var name = ShortName()

    /// Takes the next byte after `&`.
    mutating func take(_ byte: UInt8) -> Progress {
        switch state {
        case .ampersand:
            if byte == UInt8(ascii: "#") {
                state = .numberSign
                return .needMore
            }
            state = .named
            return takeNamed(byte)
        case .named: return takeNamed(byte)
        case .numberSign where byte | 0x20 == UInt8(ascii: "x"):
            state = .hexadecimalSign
            return .needMore
        case .numberSign, .decimal: return takeDigit(byte, radix: 10, next: .decimal)
        case .hexadecimalSign, .hexadecimal: return takeDigit(byte, radix: 16, next: .hexadecimal)
        }
    }

    /// Whether the reference is whitespace if it ends here; numbers need no semicolon.
    var isWhitespaceSoFar: Bool {
        guard state == .decimal || state == .hexadecimal else { return false }
        return code == 0x20 || code == 0x0A || code == 0x0D || code == 0x09 || code == 0x0C
    }

    private mutating func takeDigit(_ byte: UInt8, radix: UInt32, next: State) -> Progress {
        let digit: UInt32
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte) - 0x41 + 10
        default: digit = .max
        }
        guard digit < radix else {
            guard isWhitespaceSoFar else { return .text }
            return .whitespace(isByteUsed: byte == UInt8(ascii: ";"))
        }
        state = next
        // Past the largest code point it is text, however many digits follow.
        code = min(code, 0x11_0000) * radix + digit
        return .needMore
    }

    /// Of the named references only `&Tab;` and `&NewLine;` are whitespace; both need their semicolon and their case.
    private mutating func takeNamed(_ byte: UInt8) -> Progress {
        if byte == UInt8(ascii: ";") {
            return name == .tab || name == .newLine ? .whitespace(isByteUsed: true) : .text
        }
        guard byte.isASCIILetter, name.length < 7 else { return .text }
        name.append(byte)
        return .needMore
    }
}

extension ShortName {
    fileprivate static let tab = ShortName("Tab")
    fileprivate static let newLine = ShortName("NewLine")
}
