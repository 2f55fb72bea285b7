/// Walks over the members of a comma-separated list (RFC 9110 §5.6.1), whitespace trimmed, empty members skipped.
///
/// Quotes are not looked at: it is for lists of tokens, such as `Connection`, `Upgrade` or `Transfer-Encoding`.
struct ListMembers {
    private let value: UnsafeRawBufferPointer
    private var position = 0

    init(_ value: UnsafeRawBufferPointer) { self.value = value }

    /// Where the next member is in the value; nil after the last.
    mutating func next() -> Range<Int>? {
        while position < value.count {
            var start = position
            var end = value.firstIndex(of: 0x2C, from: position) ?? value.count
            position = end + 1
            while start < end, ASCII.isBlank(value[start]) { start += 1 }
            while end > start, ASCII.isBlank(value[end - 1]) { end -= 1 }
            if start < end { return start..<end }
        }
        return nil
    }
}
