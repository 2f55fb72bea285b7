/// One field line: `field-name ":" OWS field-value OWS` (RFC 9112 §5).
enum FieldLine {
    /// Reads the line at `range`, which lies within `all` and is followed by CRLF there.
    static func parse(_ all: UnsafeRawBufferPointer, _ range: Range<Int>) throws(HTTPWireError.Kind) -> Field {
        guard let colon = all.firstIndex(of: ASCII.colon, in: range) else { throw fault(all, range) }
        let name = UnsafeRawBufferPointer(rebasing: all[range.lowerBound..<colon])
        let known = FieldName(name)
        // What is a known name is a token.
        if known == .other || known == .xForwarded {
            guard name.allSatisfy(ASCII.isTokenByte) else { throw fault(all, range) }
            guard !name.isEmpty else { throw .emptyFieldName }
        }
        var start = colon + 1
        var end = range.upperBound
        if let bad = all.firstForbiddenControl(in: start..<end) {
            throw all[bad] == ASCII.cr ? .bareCR : .badFieldValue
        }
        while start < end, ASCII.isBlank(all[start]) { start += 1 }
        while end > start, ASCII.isBlank(all[end - 1]) { end -= 1 }
        return Field(
            start: range.lowerBound, nameEnd: colon, value: start..<end, end: range.upperBound + 2, known: known)
    }

    /// Whether the name is a known one written with `_` or `.` for `-`.
    ///
    /// `Content_Length` means nothing in HTTP, and is `Content-Length` to an upstream that makes variables of names.
    static func isAlias(_ name: UnsafeRawBufferPointer) -> Bool {
        for byte in name where byte == 0x5F || byte == 0x2E { return FieldName(name, folding: true) != .other }
        return false
    }

    /// What is wrong with a line whose name is none.
    private static func fault(_ all: UnsafeRawBufferPointer, _ range: Range<Int>) -> HTTPWireError.Kind {
        guard let index = range.first(where: { !ASCII.isTokenByte(all[$0]) }) else { return .badFieldName }
        if index == range.lowerBound, ASCII.isBlank(all[index]) { return .obsoleteFold }
        return all[index] == ASCII.cr ? .bareCR : .badFieldName
    }
}
