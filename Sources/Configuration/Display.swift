/// Text of unknown origin made fit for a terminal.
package enum Display {
    /// `text` without control characters, which could rewrite what an operator reads.
    package static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { out.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(out)
    }

    /// `text` in quotes, cleaned, and cut if it is long.
    package static func quote(_ text: some StringProtocol) -> String {
        let limit = 80
        let cut = text.prefix(limit)
        return "\"\(clean(String(cut)))\(cut.endIndex == text.endIndex ? "" : "…")\""
    }

    /// `a, b or c`.
    static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
