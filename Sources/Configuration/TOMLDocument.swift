internal import CTOML

/// A place in a text file: line and column from 1, counted in characters; 0 where unknown.
struct Position: Hashable {
    var line = 0
    var column = 0
}

/// One value of a TOML document.
struct TOMLNode {
    enum Kind {
        case table, array, string, integer, float, boolean, dateTime
    }

    var kind: Kind
    /// The key in the table that holds it; empty in an array.
    var key: String
    /// The characters of a string, the decimal digits of a number, `true` or `false`; empty for the rest.
    var text: String
    /// Of the value, or of its key where the parser does not tell.
    var position: Position
    var keyPosition: Position
    /// Indices into ``TOMLDocument/nodes``, in the order of the file.
    var children: [Int] = []

    /// Completes "found …".
    var found: String {
        switch kind {
        case .table: "a table"
        case .array: "an array"
        case .string: "the text \(Display.quote(text))"
        case .integer, .float: "the number \(text)"
        case .boolean: "\(text)"
        case .dateTime: "a date or time"
        }
    }
}

/// Why a text is no TOML.
struct TOMLSyntaxError: Error {
    var message: String
    var position: Position

    /// The parser meets the end of the line as a forbidden character of the text that was not closed.
    var remedy: [String] {
        message.contains("control characters") ? ["is there a quote missing at the end of a text?"] : []
    }
}

/// A parsed TOML 1.0 document; node 0 is the root table.
struct TOMLDocument {
    let nodes: [TOMLNode]

    /// Parses UTF-8 text.
    init(_ bytes: [UInt8]) throws(TOMLSyntaxError) {
        let parsed = bytes.withUnsafeBytes {
            ctoml_parse($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard let parsed else {
            throw TOMLSyntaxError(message: "there is not enough memory to read the file", position: Position())
        }
        defer { ctoml_free(parsed) }
        var error = ctoml_error()
        guard ctoml_is_parsed(parsed, &error) != 0 else {
            throw TOMLSyntaxError(
                // The parser adds the names of its build options to some messages.
                message: String(
                    TOMLDocument.text(error.message, error.message_length).split(separator: " (TOML_").first ?? ""),
                position: Position(line: Int(error.line), column: Int(error.column)))
        }
        var nodes: [TOMLNode] = []
        nodes.reserveCapacity(ctoml_count(parsed))
        var raw = ctoml_node()
        while ctoml_node_at(parsed, nodes.count, &raw) != 0 {
            let keyPosition = Position(line: Int(raw.key_line), column: Int(raw.key_column))
            let ownPosition = Position(line: Int(raw.line), column: Int(raw.column))
            let node = TOMLNode(
                kind: TOMLDocument.kind(raw.kind), key: TOMLDocument.text(raw.key, raw.key_length),
                text: TOMLDocument.text(raw.text, raw.text_length),
                position: ownPosition.line > 0 ? ownPosition : keyPosition,
                keyPosition: keyPosition.line > 0 ? keyPosition : ownPosition)
            if nodes.indices.contains(Int(raw.parent)) { nodes[Int(raw.parent)].children.append(nodes.count) }
            nodes.append(node)
        }
        self.nodes = nodes
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length), as: UTF8.self)
    }

    private static func kind(_ raw: Int32) -> TOMLNode.Kind {
        switch ctoml_kind(UInt32(bitPattern: raw)) {
        case CTOML_TABLE: .table
        case CTOML_ARRAY: .array
        case CTOML_STRING: .string
        case CTOML_INTEGER: .integer
        case CTOML_FLOAT: .float
        case CTOML_BOOLEAN: .boolean
        default: .dateTime
        }
    }
}
