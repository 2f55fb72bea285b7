/// A value with its place.
struct Located<Value> {
    var value: Value
    var position: Position
}

/// Reads one TOML table: typed, and reporting every mistake rather than the first. Ends with ``finish()``, which
/// reports the keys that nobody asked for.
///
/// An absent table is read like an empty one, so that a key is known whether or not it is there.
struct TableReader {
    let session: LoadSession
    let document: TOMLDocument
    let file: String
    /// The dotted path of the table; empty for the root.
    let path: String
    /// Where the table is written; for an absent one, where the table that would hold it is.
    let position: Position
    private let children: [String: TOMLNode]
    private var known: Set<String> = []

    /// The root table of a document.
    init(root document: TOMLDocument, file: String, session: LoadSession) {
        self.init(
            session: session, document: document, file: file, path: "", node: document.nodes.first,
            position: Position(line: 1, column: 1))
    }

    private init(
        session: LoadSession, document: TOMLDocument, file: String, path: String, node: TOMLNode?, position: Position
    ) {
        self.session = session
        self.document = document
        self.file = file
        self.path = path
        self.position = position
        var children: [String: TOMLNode] = [:]
        for child in node?.children ?? [] { children[document.nodes[child].key] = document.nodes[child] }
        self.children = children
    }

    /// The path of a key of this table.
    func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func report(_ position: Position, _ message: String, _ remedy: [String] = []) {
        session.report(file, position, message, remedy)
    }

    // MARK: Values

    /// The value of a key; nil if it is absent or wrong, which is then reported.
    mutating func read<Value>(_ key: String, _ format: ValueFormat<Value>) -> Located<Value>? {
        guard let node = node(key) else { return nil }
        return convert(node, path(of: key), format)
    }

    /// Overwrites a default with the value of a key, and tells where it was written.
    @discardableResult
    mutating func read<Value>(_ key: String, _ format: ValueFormat<Value>, into value: inout Value) -> Position? {
        guard let found = read(key, format) else { return nil }
        value = found.value
        return found.position
    }

    /// As ``read(_:_:)``; an absent key is reported at the table.
    mutating func require<Value>(_ key: String, _ format: ValueFormat<Value>, _ remedy: String) -> Located<Value>? {
        guard node(key) != nil else {
            report(position, "\(path(of: key)) is missing: expected \(format.expectation)", [remedy])
            return nil
        }
        return read(key, format)
    }

    /// The values of a key that holds an array, or one value without brackets.
    mutating func readList<Value>(_ key: String, _ format: ValueFormat<Value>) -> [Located<Value>]? {
        guard let node = node(key) else { return nil }
        guard node.kind == .array else { return convert(node, path(of: key), format).map { [$0] } }
        return elements(of: node).compactMap { convert($0, path(of: key), format) }
    }

    /// Whether the key is written; makes it known.
    mutating func has(_ key: String) -> Bool { node(key) != nil }

    /// How many elements the array under a key has; nil if it is absent or no array.
    func count(_ key: String) -> Int? { children[key].flatMap { $0.kind == .array ? $0.children.count : nil } }

    /// Where the value of a key is written.
    func position(of key: String) -> Position? { children[key]?.position }

    // MARK: Tables

    /// The table under a key; a wrong type is reported and read as an empty table.
    mutating func table(_ key: String) -> TableReader {
        guard let node = node(key) else { return reader(nil, key) }
        guard node.kind == .table else {
            report(
                node.position, "\(path(of: key)): expected a table, found \(node.found)",
                ["write [\(path(of: key))] on a line of its own, and its keys under it"])
            return reader(nil, key)
        }
        return reader(node, key)
    }

    /// The tables under a key that holds one or an array of them; nil if it is absent. Other things are reported with
    /// `remedy`.
    mutating func tables(_ key: String, single: Bool, remedy: [String]) -> [TableReader]? {
        guard let node = node(key) else { return nil }
        let nodes = node.kind == .array ? elements(of: node) : [node]
        return nodes.compactMap { element in
            guard element.kind == .table, single || node.kind == .array else {
                report(
                    element.position,
                    "\(path(of: key)): expected \(single ? "a table or an array of tables" : "an array of tables"), "
                        + "found \(element.found)", remedy)
                return nil
            }
            return reader(element, key)
        }
    }

    /// A table without keys, read to make the keys below it known.
    func emptyTable(_ key: String) -> TableReader { reader(nil, key) }

    // MARK: Unknown keys

    /// Takes note of a key that is dealt with elsewhere and is not to be suggested.
    mutating func ignore(_ key: String) { known.insert(key) }

    /// Refuses a key that the design has and this version does not act on: silence would look like consent.
    mutating func refuse(_ key: String, _ remedy: String...) {
        guard let node = children[key] else { return }
        known.insert(key)
        report(node.keyPosition, "\(path(of: key)) is not available in this version", remedy)
    }

    /// Reports the keys that nobody asked for.
    func finish() {
        let asked = session.knownKeys
        let ours = known.filter { asked.contains(path(of: $0)) }.sorted()
        for (key, node) in children where !known.contains(key) {
            let suggestion = DidYouMean.suggestion(for: key, among: ours)
            report(
                node.keyPosition, "unknown key \(Display.quote(key))\(path.isEmpty ? "" : " in [\(path)]")",
                [suggestion.map { "did you mean \"\($0)\"?" } ?? "known here: \(ours.joined(separator: ", "))"])
        }
    }

    // MARK: Parts

    private mutating func node(_ key: String) -> TOMLNode? {
        known.insert(key)
        session.know(path(of: key))
        return children[key]
    }

    private func elements(of node: TOMLNode) -> [TOMLNode] { node.children.map { document.nodes[$0] } }

    private func convert<Value>(
        _ node: TOMLNode, _ path: String, _ format: ValueFormat<Value>
    ) -> Located<Value>? {
        switch format.convert(node) {
        case .value(let value): return Located(value: value, position: node.position)
        case .unexpected:
            report(
                node.position, "\(path): expected \(format.expectation), found \(node.found)", format.remedy(node))
        case .invalid(let message, let remedy): report(node.position, "\(path): \(message)", remedy)
        }
        return nil
    }

    private func reader(_ node: TOMLNode?, _ key: String) -> TableReader {
        TableReader(
            session: session, document: document, file: file, path: path(of: key), node: node,
            position: node.map { $0.position.line > 0 ? $0.position : position } ?? position)
    }
}
