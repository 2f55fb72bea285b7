/// The status line: `HTTP-version SP status-code [SP reason-phrase]` (RFC 9112 §4).
enum StatusLine {
    /// Reads the line at `line`, which begins at 0, into `head`. The space before a missing reason may be missing too.
    static func parse(
        _ all: UnsafeRawBufferPointer, _ line: Range<Int>, into head: ResponseHead
    ) throws(HTTPWireError.Kind) {
        head.version = try HTTPVersion(parsing: all.clamped(0..<min(8, line.upperBound)), .badStatusLine)
        guard line.upperBound >= 12, all[8] == ASCII.space else { throw .badStatusLine }
        var status = 0
        for index in 9..<12 {
            guard ASCII.isDigit(all[index]) else { throw .badStatusLine }
            status = status * 10 + Int(all[index] - 0x30)
        }
        guard 100...599 ~= status else { throw .badStatusLine }
        head.status = status
        guard line.upperBound > 12 else {
            head.reason = 12..<12
            return
        }
        guard all[12] == ASCII.space, all.firstForbiddenControl(in: 13..<line.upperBound) == nil else {
            throw .badStatusLine
        }
        head.reason = 13..<line.upperBound
    }
}
