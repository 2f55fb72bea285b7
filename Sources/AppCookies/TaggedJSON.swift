/// Finds the user in a session that Flask's `TaggedJSONSerializer` wrote: JSON in which an object with one key that
/// starts with a space stands for a type that JSON does not have.
enum TaggedJSON {
    /// The longest user that is passed on, in bytes.
    static let maxUserBytes = 256

    /// The user under `key` of the outermost object.
    static func user(in json: [UInt8], key: String) -> LoginState {
        guard let text = String(validating: json, as: UTF8.self) else { return .unreadable(.badJSON) }
        var scanner = JSONScanner(document: text)
        guard case .object(let members) = scanner.document() else { return .unreadable(.badJSON) }
        // Of equal keys the last counts, as in Python.
        guard let value = members.last(where: { $0.key == key })?.value else { return .anonymous }
        switch value {
        case .null: return .anonymous
        case .string(let text): return user(text)
        case .number(let text): return isInteger(text) ? user(text) : .unreadable(.unsupportedUser)
        case .object(let members) where members.count == 1: return untagged(members[0])
        default: return .unreadable(.unsupportedUser)
        }
    }

    /// `Markup` and `UUID` have a plain text; the other tags are no user.
    private static func untagged(_ member: JSONScanner.Member) -> LoginState {
        guard case .string(let text) = member.value else { return .unreadable(.unsupportedUser) }
        switch member.key {
        case " m": return user(text)
        case " u":
            let digits = text.lowercased()
            guard digits.utf8.count == 32, digits.utf8.allSatisfy(\.isHexadecimal) else { break }
            var parts = Substring(digits)
            let lengths = [8, 4, 4, 4, 12]
            return user(
                lengths.map { length in
                    defer { parts = parts.dropFirst(length) }
                    return String(parts.prefix(length))
                }.joined(separator: "-"))
        default: break
        }
        return .unreadable(.unsupportedUser)
    }

    /// An empty text is no user. The rest goes into a header field, so it must be able to stand there.
    private static func user(_ text: String) -> LoginState {
        if text.isEmpty { return .anonymous }
        guard text.utf8.count <= maxUserBytes, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            text.utf8.first != 0x20, text.utf8.last != 0x20,
            // What is not Unicode must not make one user of two.
            !text.unicodeScalars.contains("\u{FFFD}")
        else { return .unreadable(.unsupportedUser) }
        return .user(text)
    }

    private static func isInteger(_ number: String) -> Bool {
        number.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: "-") } && number != "-0"
    }
}

extension UInt8 {
    fileprivate var isHexadecimal: Bool { isDigit || self &- 0x61 < 6 }
}
