/// The directives that decide about the loader. All others stay unread and as they are.
enum DirectiveName: CaseIterable {
    case defaultSource, scriptSource, scriptElementSource, connectSource, sandbox

    var text: StaticString {
        switch self {
        case .defaultSource: "default-src"
        case .scriptSource: "script-src"
        case .scriptElementSource: "script-src-elem"
        case .connectSource: "connect-src"
        case .sandbox: "sandbox"
        }
    }

    init?(_ bytes: Bytes) {
        guard let name = Self.allCases.first(where: { bytes.equalsFolded($0.text) }) else { return nil }
        self = name
    }
}

/// A directive's name and its value without surrounding whitespace. An empty value still says where it would be.
struct Directive {
    let name: DirectiveName
    let value: Bytes
}

/// One policy: what stands between the commas of a field value (CSP3 §2.2.1, "parse a serialized CSP").
struct Policy {
    /// The policy's bytes in the line, without surrounding whitespace; never empty.
    let text: Bytes
    private let directives: [Directive]

    init?(serialized: Bytes) {
        text = serialized.trimmed
        directives = text.split(separator: UInt8(ascii: ";")).compactMap(Self.directive)
        if directives.isEmpty { return nil }
    }

    /// The policies of one field value (CSP3 §2.2.2) that have a directive of interest.
    static func list(in line: [UInt8]) -> [Policy] {
        line.split(separator: UInt8(ascii: ",")).compactMap(Policy.init(serialized:))
    }

    /// The directive of that name. The first counts, later ones are ignored.
    subscript(name: DirectiveName) -> Directive? { directives.first { $0.name == name } }

    /// What decides about a script element (CSP3 §6.8.3).
    var scriptDirective: Directive? { self[.scriptElementSource] ?? self[.scriptSource] ?? self[.defaultSource] }

    /// What decides about `fetch()` (CSP3 §6.8.3).
    var connectDirective: Directive? { self[.connectSource] ?? self[.defaultSource] }

    /// Whether the page is put into a sandbox where the loader can do nothing: without scripts, or without an origin
    /// (then there are neither cookies nor storage).
    var isSandboxedAway: Bool {
        guard let sandbox = self[.sandbox] else { return false }
        let tokens = sandbox.value.split { $0.isASCIIWhitespace }
        return !tokens.contains { $0.equalsFolded("allow-scripts") }
            || !tokens.contains { $0.equalsFolded("allow-same-origin") }
    }

    private static func directive(_ serialized: Bytes) -> Directive? {
        let text = serialized.trimmed
        let end = text.firstIndex { $0.isASCIIWhitespace } ?? text.endIndex
        // A directive that is not ASCII is ignored as a whole, even as the first of its name.
        guard let name = DirectiveName(text[..<end]), text.allSatisfy({ $0 < 0x80 }) else { return nil }
        return Directive(name: name, value: text[end...].trimmed)
    }
}
