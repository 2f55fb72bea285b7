/// Cuts a buffer into CRLF-terminated lines, and remembers where it was.
///
/// A line is looked at once it is complete, and judged by its content alone; a line or a head that is too long is
/// refused at the byte that is too many, whether the rest has arrived or not. Hence the outcome cannot depend on how the
/// bytes were cut.
struct HeadLines: Sendable {
    let limits: HeadLimits

    /// Where the next line begins.
    private(set) var position = 0

    /// How far the current line has been searched for its end.
    private var searched = 0

    init(limits: HeadLimits) { self.limits = limits }

    /// Whether no line has been taken yet.
    var isAtStart: Bool { position == 0 }

    mutating func restart() {
        position = 0
        searched = 0
    }

    /// The next line without its CRLF; nil if it has not arrived entirely.
    mutating func next(
        in all: UnsafeRawBufferPointer, tooLong: HTTPWireError.Kind
    ) throws(HTTPWireError.Kind) -> Range<Int>? {
        let start = position
        guard let lf = all.firstIndex(of: ASCII.lf, from: max(searched, start)) else {
            searched = all.count
            try check(end: all.count, start: start, tooLong)
            return nil
        }
        try check(end: lf + 1, start: start, tooLong)
        guard lf > start, all[lf - 1] == ASCII.cr else { throw .bareLF }
        position = lf + 1
        searched = lf + 1
        return start..<(lf - 1)
    }

    private func check(end: Int, start: Int, _ tooLong: HTTPWireError.Kind) throws(HTTPWireError.Kind) {
        // Of the two limits the one that is reached first decides, as it would byte by byte.
        let (lineLimit, overflow) = start.addingReportingOverflow(limits.maxLine)
        if !overflow, lineLimit <= limits.maxBytes {
            if end > lineLimit { throw tooLong }
        } else if end > limits.maxBytes {
            throw .headTooLarge
        }
    }
}
