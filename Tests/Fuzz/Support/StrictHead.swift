/// A message head that can be read in one way only: what every parser on the way, however lenient, takes it for.
///
/// Read as naively as possible: cut at CRLF, and no CR, LF, other control byte or odd name may be left.
public struct StrictHead {
    /// The start line without its CRLF.
    public let startLine: [UInt8]
    /// Names in lower case, and values without the white space around them, in order.
    public let fields: [(name: String, value: [UInt8])]

    /// Nil if `bytes` are not exactly one such head.
    public init?(_ bytes: [UInt8]) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        // After the last LF there is nothing, before it an empty line, and none before that.
        guard lines.popLast()?.isEmpty == true, lines.popLast()?.elementsEqual([0x0D]) == true else { return nil }
        var fields: [(String, [UInt8])] = []
        for index in lines.indices {
            guard lines[index].popLast() == 0x0D, lines[index].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { return nil }
        }
        guard let startLine = lines.first, !startLine.isEmpty else { return nil }
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else { return nil }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            guard name.utf8.allSatisfy(Self.isToken) else { return nil }
            fields.append((name, Self.trimmed(line[(colon + 1)...])))
        }
        self.startLine = Array(startLine)
        self.fields = fields
    }

    /// The values of the fields with that name, in order.
    public func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name == name }.map(\.value) }

    /// How a body after this head ends. Nil if two parsers could disagree about it.
    public var framing: (length: Int?, isChunked: Bool)? {
        let lengths = values("content-length").map { String(decoding: $0, as: UTF8.self) }
        let codings = values("transfer-encoding").map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard lengths.count + codings.count <= 1 else { return nil }
        if let coding = codings.first { return coding == "chunked" ? (nil, true) : nil }
        guard let text = lengths.first else { return (nil, false) }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text) else { return nil }
        return (length, false)
    }

    /// The names that an upstream which makes variables of names takes for fields that frame or route a message.
    public var disguises: [String] {
        fields.map(\.name).filter { name in
            let folded = String(name.map { $0 == "_" || $0 == "." ? "-" : $0 })
            return folded != name && ["content-length", "transfer-encoding", "host"].contains(folded)
        }
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var value = value.drop { $0 == 0x20 || $0 == 0x09 }
        while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
        return Array(value)
    }
}
