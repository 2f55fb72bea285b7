/// The characters that names may be made of.
enum Names {
    /// A token of RFC 9110 §5.6.2, which RFC 6265 §4.1.1 wants of cookie names, too.
    static func isToken(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    /// 1 to 64 of `A-Z a-z 0-9 _ -`: means itself in a URL, a cookie, a file name and a log line.
    static func isWord(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    /// The name of an environment variable (POSIX.1-2017 §8.1, lower case too).
    static func isEnvironmentVariable(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

extension ValueFormat where Value == String {
    /// A text that is not empty and holds no control characters.
    static func text(_ expectation: String) -> ValueFormat {
        ValueFormat(
            expectation: expectation,
            convert: { node in
                guard node.kind == .string else { return .unexpected }
                guard !node.text.isEmpty else { return .invalid("the text is empty", remedy: ["write \(expectation)"]) }
                guard !node.text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                    return .invalid("control characters are not allowed", remedy: [])
                }
                return .value(node.text)
            })
    }

    /// A path, as it is written.
    static var path: ValueFormat { text("the path of a file") }

    /// A name that fits into URLs and cookies without quoting.
    static func word(_ expectation: String) -> ValueFormat {
        text(expectation).checked { name in
            if Names.isWord(name) { return nil }
            return ("\(Display.quote(name)) is no such name", ["use 1 to 64 of A-Z a-z 0-9 _ -"])
        }
    }

    /// The name of a cookie.
    static func cookieName(_ expectation: String = "the name of a cookie") -> ValueFormat {
        text(expectation).checked { name in
            guard Names.isToken(name), name.utf8.count <= 128 else {
                return (
                    "\(Display.quote(name)) cannot be the name of a cookie",
                    ["use up to 128 letters, digits and !#$%&'*+-.^_`|~"]
                )
            }
            return nil
        }
    }
}
