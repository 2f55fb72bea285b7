/// What a page could try.
struct Attempt: Sendable {
    enum Kind: String, Sendable {
        case scriptElement, inlineScript, eventHandler, eval, wasm, worker, connect, image, style, inlineStyle, frame
    }

    var kind: Kind
    var url = ""
    var nonce = ""
    /// `integrity` of an element, or the hash of an inline script.
    var hash = ""
    var isParserInserted = true
}

/// CSP3 a second time, straight from the standard's steps, on strings and without thought of speed: what the adaptation
/// is held against. It shares no code with the module.
struct ReferenceEvaluator {
    private let policies: [[String: SourceWords]]
    private let own: Address

    /// - Parameter origin: with its port: `https://shop.example:443`.
    init(_ lines: [String], origin: String) {
        policies = lines.flatMap { $0.split(separator: ",") }.map { Self.parse(String($0)) }.filter { !$0.isEmpty }
        own = Address(origin)
    }

    func allows(_ attempt: Attempt) -> Bool { policies.allSatisfy { allows(attempt, $0) } }

    /// §2.2.1
    private static func parse(_ text: String) -> [String: SourceWords] {
        var directives: [String: SourceWords] = [:]
        for part in text.unicodeScalars.split(separator: ";") {
            if part.contains(where: { $0.value > 127 }) { continue }
            let words = part.split { "\t\n\u{C}\r ".unicodeScalars.contains($0) }.map { String($0) }
            guard let name = words.first?.lowercased(), directives[name] == nil else { continue }
            directives[name] = SourceWords(Array(words.dropFirst()))
        }
        return directives
    }

    private func allows(_ attempt: Attempt, _ policy: [String: SourceWords]) -> Bool {
        /// §6.8.3: the first that exists of the fallback list.
        func list(_ names: String...) -> SourceWords? { names.compactMap { policy[$0] }.first }
        switch attempt.kind {
        case .scriptElement:
            return list("script-src-elem", "script-src", "default-src").map { script($0, attempt) } ?? true
        case .worker:
            return list("worker-src", "child-src", "script-src", "default-src").map { script($0, attempt) } ?? true
        case .inlineScript:
            return list("script-src-elem", "script-src", "default-src").map { inline($0, attempt) } ?? true
        case .eventHandler:
            return list("script-src-attr", "script-src", "default-src").map { inline($0, attempt) } ?? true
        case .inlineStyle:
            return list("style-src-elem", "style-src", "default-src").map { inline($0, attempt) } ?? true
        case .eval: return list("script-src", "default-src")?.has("'unsafe-eval'") ?? true
        case .wasm:
            return list("script-src", "default-src").map { $0.has("'unsafe-eval'") || $0.has("'wasm-unsafe-eval'") }
                ?? true
        case .connect: return list("connect-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .image: return list("img-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .style:
            return list("style-src-elem", "style-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .frame: return list("frame-src", "child-src", "default-src").map { matches(attempt.url, $0) } ?? true
        }
    }

    /// §6.7.1.1
    private func script(_ list: SourceWords, _ attempt: Attempt) -> Bool {
        if list.nonces.contains(attempt.nonce) || list.hashes.contains(attempt.hash) { return true }
        if list.has("'strict-dynamic'") { return !attempt.isParserInserted }
        return matches(attempt.url, list)
    }

    /// §6.7.3.2 and §6.7.3.3
    private func inline(_ list: SourceWords, _ attempt: Attempt) -> Bool {
        let isSwitchedOff =
            !list.nonces.isEmpty || !list.hashes.isEmpty
            || attempt.kind != .inlineStyle && list.has("'strict-dynamic'")
        if list.has("'unsafe-inline'"), !isSwitchedOff { return true }
        if attempt.kind != .eventHandler, list.nonces.contains(attempt.nonce) { return true }
        return (attempt.kind != .eventHandler || list.has("'unsafe-hashes'")) && list.hashes.contains(attempt.hash)
    }

    /// §6.7.2.7
    private func matches(_ url: String, _ list: SourceWords) -> Bool {
        let address = Address(url)
        return list.folded != ["'none'"] && list.words.contains { matches(address, $0) }
    }

    /// §6.7.2.8
    private func matches(_ url: Address, _ expression: String) -> Bool {
        if expression == "*" { return ["http", "https"].contains(url.scheme) }
        if expression.lowercased() == "'self'" {
            let samePort = own.port == url.port || own.isDefaultPort && url.isDefaultPort
            return own.host == url.host && samePort && (url.scheme == own.scheme || url.scheme == "https")
        }
        if expression.hasPrefix("'") { return false }
        func schemeMatches(_ a: String) -> Bool { a == url.scheme || a == "http" && url.scheme == "https" }
        if expression.hasSuffix(":") { return schemeMatches(expression.dropLast().lowercased()) }
        var text = expression[...]
        var scheme = own.scheme
        if let parts = expression.parts(around: "://") {
            scheme = parts.0.lowercased()
            text = parts.1
        }
        if !schemeMatches(scheme) { return false }
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        let authority = text[..<slash].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if authority.count > 2 || !hostMatches(authority[0].lowercased(), url.host) { return false }
        if authority.count == 2, authority[1] != "*", Int(authority[1]) != url.port { return false }
        if authority.count == 1, !url.isDefaultPort { return false }
        return pathMatches(String(text[slash...]), url.path)
    }

    private func hostMatches(_ pattern: String, _ host: String) -> Bool {
        if pattern == "*" { return true }
        return pattern.hasPrefix("*.") ? host.hasSuffix(pattern.dropFirst()) : pattern == host
    }

    private func pathMatches(_ pattern: String, _ path: String) -> Bool {
        if pattern.isEmpty { return true }
        return pattern.hasSuffix("/") ? path.hasPrefix(pattern) : path == pattern
    }
}

/// A source list, with its nonces and hashes picked out (§2.3.1).
private struct SourceWords {
    let words: [String]
    let folded: [String]
    let nonces: Set<String>
    /// With the algorithm in lower case.
    let hashes: Set<String>

    init(_ words: [String]) {
        self.words = words
        folded = words.map { $0.lowercased() }
        nonces = Set(words.compactMap { Self.quoted("'nonce-", $0) })
        hashes = Set(
            ["sha256-", "sha384-", "sha512-"].flatMap { name in
                words.compactMap { word in Self.quoted("'" + name, word).map { name + $0 } }
            })
    }

    func has(_ keyword: String) -> Bool { folded.contains(keyword) }

    private static func quoted(_ start: String, _ word: String) -> String? {
        guard word.lowercased().hasPrefix(start), word.hasSuffix("'") else { return nil }
        let value = word.dropFirst(start.count).dropLast()
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
        var rest = value
        for _ in 0..<2 where rest.hasSuffix("=") { rest.removeLast() }
        return !rest.isEmpty && rest.allSatisfy { digits.contains($0) } ? String(value) : nil
    }
}

/// An address of the tests, always with its port and path.
private struct Address {
    let scheme: String
    let host: String
    let port: Int
    let path: String

    init(_ text: String) {
        let (scheme, rest) = text.parts(around: "://") ?? (Substring(text), "")
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash].split(separator: ":")
        self.scheme = String(scheme)
        host = authority.first.map(String.init) ?? ""
        port = authority.count > 1 ? Int(authority[1]) ?? 0 : scheme == "https" ? 443 : 80
        path = String(rest[slash...])
    }

    var isDefaultPort: Bool { port == (scheme == "https" ? 443 : 80) }
}

extension String {
    fileprivate func parts(around separator: String) -> (Substring, Substring)? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(separator) {
                return (self[..<index], self[index...].dropFirst(separator.count))
            }
            index = self.index(after: index)
        }
        return nil
    }
}
