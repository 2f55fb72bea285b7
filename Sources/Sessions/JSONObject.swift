import FoundationEssentials

/// JSON objects (RFC 8259) as texts: members are moved as they are written, so that numbers keep every digit.
enum JSONObject {
    /// The winner's members and those members of the loser whose names the winner has not. A side that is not the text
    /// of an object cannot be merged; then the winner's text stays, or the loser's if the winner has none.
    static func merged(winner: String?, loser: String?) -> String? {
        guard let winner, let loser else { return winner ?? loser }
        guard let kept = members(of: winner), let offered = members(of: loser) else { return winner }
        let names = Set(kept.map(\.name))
        let added = offered.filter { !names.contains($0.name) }
        guard !added.isEmpty else { return winner }
        return "{" + (kept + added).map(\.text).joined(separator: ",") + "}"
    }

    struct Member {
        /// The name's UTF-8 bytes, with escapes resolved.
        var name: [UInt8]
        /// The whole member as written: name, colon, value.
        var text: String
    }

    /// The members of an object; `nil` if `text` is not a valid JSON object.
    static func members(of text: String) -> [Member]? {
        var scanner = MemberScanner(bytes: [UInt8](text.utf8))
        guard isValid(text), let spans = scanner.spans() else { return nil }
        var members: [Member] = []
        for span in spans {
            guard let name = unescaped(scanner.bytes[span.name]),
                let written = String(validating: scanner.bytes[span.whole], as: UTF8.self)
            else { return nil }
            members.append(Member(name: name, text: written))
        }
        return members
    }

    private static func unescaped(_ literal: ArraySlice<UInt8>) -> [UInt8]? {
        guard literal.contains(UInt8(ascii: "\\")) else { return [UInt8](literal.dropFirst().dropLast()) }
        do {
            let array = [UInt8(ascii: "[")] + literal + [UInt8(ascii: "]")]
            return try JSONDecoder().decode([String].self, from: Data(array)).first.map { [UInt8]($0.utf8) }
        } catch {
            return nil
        }
    }

    private static func isValid(_ text: String) -> Bool {
        do {
            _ = try JSONDecoder().decode(AnyObject.self, from: Data(text.utf8))
            return true
        } catch {
            return false
        }
    }

    /// Accepts any object and keeps nothing of it: decoding it is the check of the grammar.
    private struct AnyObject: Decodable {
        private enum NoKeys: CodingKey {}

        init(from decoder: any Decoder) throws {
            _ = try decoder.container(keyedBy: NoKeys.self)
        }
    }
}

/// Finds where the members of an object begin and end. Grammar inside the values is checked elsewhere.
private struct MemberScanner {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    struct Span {
        var name: Range<Int>
        var whole: Range<Int>
    }

    /// The spans of all members; `nil` if this is not one object with nothing after it.
    mutating func spans() -> [Span]? {
        skipSpace()
        guard take("{") else { return nil }
        var spans: [Span] = []
        skipSpace()
        if !take("}") {
            while true {
                skipSpace()
                let start = position
                guard skipString() else { return nil }
                let name = start..<position
                skipSpace()
                guard take(":"), skipValue() else { return nil }
                spans.append(Span(name: name, whole: start..<position))
                if take("}") { break }
                guard take(",") else { return nil }
            }
        }
        skipSpace()
        return position == bytes.count ? spans : nil
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipString() -> Bool {
        guard take("\"") else { return false }
        while position < bytes.count {
            if take("\"") { return true }
            // The character after a backslash never ends the string.
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return false
    }

    /// Goes on to the comma or brace that ends the value.
    private mutating func skipValue() -> Bool {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return true }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                return true
            default:
                break
            }
            position += 1
        }
        return false
    }
}
