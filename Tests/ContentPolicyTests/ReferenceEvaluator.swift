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
    private let policies: [[String: [String]]]
    private let origin: String

    /// - Parameter origin: with its port: `https://shop.example:443`.
    init(_ lines: [String], origin: String) {
        policies = lines.flatMap { $0.split(separator: ",") }.map { Self.parse(String($0)) }.filter { !$0.isEmpty }
        self.origin = origin
    }

    func allows(_ attempt: Attempt) -> Bool { policies.allSatisfy { allows(attempt, $0) } }

    /// §2.2.1
    private static func parse(_ text: String) -> [String: [String]] {
        var directives: [String: [String]] = [:]
        for part in text.unicodeScalars.split(separator: ";") {
            if part.contains(where: { $0.value > 127 }) { continue }
            let words = part.split { "\t\n\u{C}\r ".unicodeScalars.contains($0) }.map { String($0) }
            guard let name = words.first?.lowercased(), directives[name] == nil else { continue }
            directives[name] = Array(words.dropFirst())
        }
        return directives
    }

    private func allows(_ attempt: Attempt, _ policy: [String: [String]]) -> Bool {
        /// §6.8.3: the first that exists of the fallback list.
        func list(_ names: String...) -> [String]? { names.compactMap { policy[$0] }.first }
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
        case .eval: return list("script-src", "default-src").map { has($0, "'unsafe-eval'") } ?? true
        case .wasm:
            return list("script-src", "default-src").map { has($0, "'unsafe-eval'") || has($0, "'wasm-unsafe-eval'") }
                ?? true
        case .connect: return list("connect-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .image: return list("img-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .style:
            return list("style-src-elem", "style-src", "default-src").map { matches(attempt.url, $0) } ?? true
        case .frame: return list("frame-src", "child-src", "default-src").map { matches(attempt.url, $0) } ?? true
        }
    }

    private func has(_ list: [String], _ keyword: String) -> Bool { list.contains { $0.lowercased() == keyword } }

    /// §6.7.1.1
    private func script(_ list: [String], _ attempt: Attempt) -> Bool {
        if list.contains(where: { nonce(of: $0) == attempt.nonce && !attempt.nonce.isEmpty }) { return true }
        if !attempt.hash.isEmpty, list.contains(where: { hash(of: $0) == attempt.hash }) { return true }
        if has(list, "'strict-dynamic'") { return !attempt.isParserInserted }
        return matches(attempt.url, list)
    }

    /// §6.7.3.2 and §6.7.3.3
    private func inline(_ list: [String], _ attempt: Attempt) -> Bool {
        let isSwitchedOff =
            list.contains { nonce(of: $0) != nil || hash(of: $0) != nil }
            || attempt.kind != .inlineStyle && has(list, "'strict-dynamic'")
        if has(list, "'unsafe-inline'"), !isSwitchedOff { return true }
        if attempt.kind != .eventHandler, !attempt.nonce.isEmpty,
            list.contains(where: { nonce(of: $0) == attempt.nonce })
        {
            return true
        }
        return (attempt.kind != .eventHandler || has(list, "'unsafe-hashes'")) && !attempt.hash.isEmpty
            && list.contains { hash(of: $0) == attempt.hash }
    }

    private func nonce(of expression: String) -> String? {
        guard expression.lowercased().hasPrefix("'nonce-"), expression.hasSuffix("'") else { return nil }
        return base64(expression.dropFirst(7).dropLast())
    }

    private func hash(of expression: String) -> String? {
        let folded = expression.lowercased()
        guard ["'sha256-", "'sha384-", "'sha512-"].contains(where: folded.hasPrefix), expression.hasSuffix("'")
        else { return nil }
        return base64(expression.dropFirst(8).dropLast()).map { folded.dropFirst().prefix(7) + $0 }
    }

    private func base64(_ text: Substring) -> String? {
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
        var rest = text
        for _ in 0..<2 where rest.hasSuffix("=") { rest.removeLast() }
        return !rest.isEmpty && rest.allSatisfy { digits.contains($0) } ? String(text) : nil
    }

    /// §6.7.2.7
    private func matches(_ url: String, _ list: [String]) -> Bool {
        if list.map({ $0.lowercased() }) == ["'none'"] { return false }
        return list.contains { matches(Address(url), $0) }
    }

    /// §6.7.2.8
    private func matches(_ url: Address, _ expression: String) -> Bool {
        let own = Address(origin)
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
