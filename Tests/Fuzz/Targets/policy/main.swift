import ContentPolicy
import FuzzSupport

// Content-Security-Policies, a field line a line: what is changed is the least, changing it again changes nothing, and
// nothing that an upstream sends gets out of the tag's attributes.

let hash = "sha256-" + String(repeating: "A", count: 43) + "="

/// A page's address, and the source expressions that a policy may gain there.
struct Page {
    let policy: LoaderPolicy
    let scripts: Set<String>
    let connections: Set<String>

    init(_ origin: String, primary: String?) {
        guard let policy = LoaderPolicy(origin: origin, primaryEndpoint: primary, loaderHash: hash) else {
            fatalError("no policy for \(origin)")
        }
        self.policy = policy
        scripts = [origin + "/crossdomain/loader.js", "'\(hash)'"]
        connections = Set([origin + "/crossdomain"] + [primary].compactMap { $0 })
    }
}

let pages = [
    Page("https://shop.example", primary: "https://primary.example/crossdomain"),
    Page("http://shop.example:8080", primary: "http://127.0.0.1:8080/crossdomain"),
    Page("https://192.0.2.1", primary: nil),
]

/// What is inside of the tag can hold no surprise: the nonce is one of the page's, and ends no attribute.
func checkAttributes(_ attributes: TagAttributes, _ lines: [[UInt8]]) {
    check(attributes.integrity == nil || attributes.integrity == hash, "the hash")
    guard let nonce = attributes.nonce else {
        let expected = attributes.integrity == nil ? "" : " integrity=\"\(hash)\" crossorigin=\"anonymous\""
        return checkEqual(attributes.html, expected, "the attributes")
    }
    let digits = nonce.utf8.prefix { $0 != UInt8(ascii: "=") }
    check((1...256).contains(nonce.utf8.count) && nonce.utf8.count - digits.count <= 2, "the nonce's length")
    for byte in nonce.utf8 {
        let isLetterOrDigit = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
        check(byte < 0x7F && (isLetterOrDigit || "+/-_=".utf8.contains(byte)), "the nonce \(nonce)")
    }
    let text = lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    check(text.contains("-\(nonce)'"), "the nonce \(nonce) from nowhere")
    check(attributes.html.hasPrefix(" nonce=\"\(nonce)\""), "the attributes")
}

fuzz { input in
    let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    _ = LoaderPolicy.requiresIntegrity(lines)
    for page in pages {
        switch page.policy.adapt(lines) {
        case .blocked(let obstacle): checkEqual(page.policy.adapt(lines), .blocked(obstacle), "once more")
        case .unchanged(let attributes):
            checkAttributes(attributes, lines)
            checkRuns(lines, attributes)
        case .rewritten(let adapted, let attributes):
            checkAttributes(attributes, lines)
            checkRuns(adapted, attributes)
            check(adapted != lines, "rewritten to the same")
            checkEqual(adapted.count, lines.count, "the lines")
            for (old, new) in zip(lines, adapted) { checkChanges(from: old, to: new, in: page) }
            checkEqual(page.policy.adapt(adapted), .unchanged(attributes), "adapted again")
        }
        // Integrity is a matter of the tag.
        let adaptation = page.policy.adapt(lines, needsIntegrity: true)
        checkEqual(adaptation.lines, page.policy.adapt(lines).lines, "the policies with integrity")
        if let attributes = adaptation.attributes { checkEqual(attributes.integrity, hash, "the integrity") }
    }
}

extension Adaptation {
    var attributes: TagAttributes? {
        switch self {
        case .unchanged(let attributes), .rewritten(_, let attributes): attributes
        case .blocked: nil
        }
    }

    /// Nil where they stay.
    var lines: [[UInt8]]? {
        if case .rewritten(let lines, _) = self { lines } else { nil }
    }
}
