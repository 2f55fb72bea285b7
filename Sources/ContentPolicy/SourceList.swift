/// The source expressions of a directive's value (CSP3 §2.3.1).
struct SourceList {
    let value: Bytes
    let expressions: [Bytes]

    init(_ directive: Directive) {
        value = directive.value
        expressions = value.split { $0.isASCIIWhitespace }
    }

    /// Whether the list allows nothing: empty, or `'none'` alone. Beside other expressions `'none'` has no effect.
    var allowsNothing: Bool {
        guard let only = expressions.first else { return true }
        return expressions.count == 1 && only.equalsFolded("'none'")
    }

    /// Whether addresses, `'self'` and `'unsafe-inline'` count for nothing where scripts are concerned (CSP3 §8.2).
    var isStrictDynamic: Bool { expressions.contains { $0.equalsFolded("'strict-dynamic'") } }

    /// The nonces that may be written into a page, in the list's order.
    var nonces: [Bytes] {
        expressions.compactMap { expression in
            guard expression.startsFolded("'nonce-"), expression.last == UInt8(ascii: "'") else { return nil }
            let nonce = expression.dropFirst(7).dropLast()
            return nonce.count <= Self.longestNonce && nonce.isBase64Value ? nonce : nil
        }
    }

    /// Whether `url` may be loaded by a page of `origin` (CSP3 §6.7.2.7).
    func allows(_ url: SourceURL, from origin: SourceURL) -> Bool {
        expressions.contains { url.matches($0, from: origin) }
    }

    func contains(_ expression: [UInt8]) -> Bool { expressions.contains { $0.elementsEqual(expression) } }

    /// Nonces of real pages have 16 to 64 characters; a bound keeps the tag small whatever an upstream sends.
    private static let longestNonce = 256
}
