/// One field line: `field-name ":" OWS field-value OWS` (RFC 9112 §5).
enum FieldLine {
    /// Reads the line at `range`, which lies within `all` and is followed by CRLF there.
    static func parse(_ all: UnsafeRawBufferPointer, _ range: Range<Int>) throws(HTTPWireError.Kind) -> Field {
        var index = range.lowerBound
        while index < range.upperBound, ASCII.isTokenByte(all[index]) { index += 1 }
        guard index < range.upperBound, all[index] == ASCII.colon else { throw fault(all, range, at: index) }
        guard index > range.lowerBound else { throw .emptyFieldName }
        let nameEnd = index
        var start = index + 1
        var end = range.upperBound
        if let bad = all.firstForbiddenControl(in: start..<end) {
            throw all[bad] == ASCII.cr ? .bareCR : .badFieldValue
        }
        while start < end, ASCII.isBlank(all[start]) { start += 1 }
        while end > start, ASCII.isBlank(all[end - 1]) { end -= 1 }
        let name = UnsafeRawBufferPointer(rebasing: all[range.lowerBound..<nameEnd])
        return Field(
            start: range.lowerBound, nameEnd: nameEnd, value: start..<end, end: range.upperBound + 2,
            known: FieldName(name))
    }

    /// Whether the name is a known one written with `_` or `.` for `-`.
    ///
    /// `Content_Length` means nothing in HTTP, and is `Content-Length` to an upstream that makes variables of names.
    static func isAlias(_ name: UnsafeRawBufferPointer) -> Bool {
        for byte in name where byte == 0x5F || byte == 0x2E { return FieldName(name, folding: true) != .other }
        return false
    }

    private static func fault(
        _ all: UnsafeRawBufferPointer, _ range: Range<Int>, at index: Int
    ) -> HTTPWireError.Kind {
        if index == range.lowerBound, index < range.upperBound, ASCII.isBlank(all[index]) { return .obsoleteFold }
        if index < range.upperBound, all[index] == ASCII.cr { return .bareCR }
        return .badFieldName
    }
}
