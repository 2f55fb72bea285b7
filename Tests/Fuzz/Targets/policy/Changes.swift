import ContentPolicy
import FuzzSupport

/// A directive as a browser reads it (CSP3 §2.2.1), split as naively as possible.
private struct Directive: Equatable {
    let text: [UInt8]
    let name: String
    let tokens: [String]

    init(_ text: [UInt8]) {
        self.text = text
        let words = text.split(whereSeparator: isSpace).map { String(decoding: $0, as: UTF8.self) }
        // One that is not ASCII is ignored.
        name = text.allSatisfy { $0 < 0x80 } ? words.first?.lowercased() ?? "" : ""
        tokens = Array(words.dropFirst())
    }

    /// What the list allows: `'none'` alone is as good as nothing.
    var sources: [String] { tokens.count == 1 && tokens[0].lowercased() == "'none'" ? [] : tokens }
}

private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(byte) }

private func directives(of policy: ArraySlice<UInt8>) -> [Directive] {
    policy.split(separator: UInt8(ascii: ";")).compactMap { text in
        let text = Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        return text.isEmpty ? nil : Directive(text)
    }
}

/// Checks that `new` is `old` with what the loader needs, and nothing else.
func checkChanges(from old: [UInt8], to new: [UInt8], in page: Page) {
    let before = old.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let after = new.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    checkEqual(after.count, before.count, "the policies in the line")
    for (old, new) in zip(before.map(directives), after.map(directives)) {
        check(new.count >= old.count, "a directive is gone")
        for index in old.indices where old[index] != new[index] {
            check(old.firstIndex { $0.name == old[index].name } == index, "\(new[index]) is ignored")
            checkGrown(old[index], new[index], in: page)
        }
        for added in new.dropFirst(old.count) { checkAdded(added, to: old, in: page) }
    }
}

/// Checks that the loader's tag is not refused, as far as can be told without comparing addresses.
func checkRuns(_ lines: [[UInt8]], _ attributes: TagAttributes) {
    for policy in lines.flatMap({ $0.split(separator: UInt8(ascii: ",")) }) {
        let directives = directives(of: policy)
        let names = ["script-src-elem", "script-src", "default-src"]
        let lists = names.compactMap { name in directives.first { $0.name == name } }
        guard let list = lists.first?.sources else { continue }
        let folded = list.map { $0.lowercased() }
        if let nonce = attributes.nonce {
            let isAllowed = zip(folded, list).contains { $0.hasPrefix("'nonce-") && $1.dropFirst(7) == nonce + "'" }
            if isAllowed { continue }
        }
        if folded.contains("'strict-dynamic'") {
            check(attributes.integrity == hash && list.contains("'\(hash)'"), "the loader is refused by \(list)")
        } else {
            let isPlausible = folded.contains { source in
                source == "'self'" || source.contains("*") || source.contains("shop.example")
                    || ["http:", "https:"].contains(source)
            }
            check(isPlausible, "the loader is refused by \(list)")
        }
    }
}

private func allowed(_ name: String, in page: Page) -> Set<String> {
    switch name {
    case "script-src", "script-src-elem": page.scripts
    case "connect-src": page.connections
    default: []
    }
}

private func checkGrown(_ old: Directive, _ new: Directive, in page: Page) {
    checkEqual(new.name, old.name, "the name")
    check(old.sources.isEmpty || new.text.starts(with: old.text), "\(new) does not begin like \(old)")
    check(new.tokens.starts(with: old.sources), "\(new) does not hold \(old)")
    let gained = Set(new.tokens.dropFirst(old.sources.count))
    check(!gained.isEmpty && gained.isSubset(of: allowed(new.name, in: page)), "\(new) gained \(gained)")
}

/// A directive that was left to `default-src` is a copy of it, with what the loader needs.
private func checkAdded(_ added: Directive, to policy: [Directive], in page: Page) {
    let rivals = added.name == "script-src" ? ["script-src", "script-src-elem"] : [added.name]
    check(!policy.contains { rivals.contains($0.name) }, "a second \(added)")
    guard let fallback = policy.first(where: { $0.name == "default-src" }) else {
        return check(false, "\(added) from nowhere")
    }
    check(added.tokens.starts(with: fallback.sources), "\(added) is no copy of \(fallback)")
    let gained = Set(added.tokens.dropFirst(fallback.sources.count))
    check(!gained.isEmpty && gained.isSubset(of: allowed(added.name, in: page)), "\(added) gained \(gained)")
}
