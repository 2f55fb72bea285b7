/// One field line of a head, as offsets into the head's bytes.
///
/// Nothing is copied: the name and the value stay where they arrived. A field that is taken out is only marked.
public struct Field: Hashable, Sendable {
    // 32-bit offsets: a head is far smaller than 4 GiB, and a hundred fields then fit in a few cache lines.
    @usableFromInline let start: UInt32
    @usableFromInline let nameEnd: UInt32
    @usableFromInline let valueStart: UInt32
    @usableFromInline let valueEnd: UInt32
    @usableFromInline let end: UInt32

    /// Which name it is; `.other` for every name that has no case of its own.
    public let known: FieldName

    /// Whether the field has been taken out: it is not found by name and not written any more.
    public internal(set) var isRemoved: Bool

    init(start: Int, nameEnd: Int, value: Range<Int>, end: Int, known: FieldName, isRemoved: Bool = false) {
        self.start = UInt32(clamping: start)
        self.nameEnd = UInt32(clamping: nameEnd)
        self.valueStart = UInt32(clamping: value.lowerBound)
        self.valueEnd = UInt32(clamping: value.upperBound)
        self.end = UInt32(clamping: end)
        self.known = known
        self.isRemoved = isRemoved
    }

    /// Where the name is.
    @inlinable public var name: Range<Int> { Int(start)..<Int(nameEnd) }

    /// Where the value is, without the optional whitespace around it (RFC 9112 §5.1); may be empty.
    @inlinable public var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }

    /// Where the whole line is, its CRLF included.
    @inlinable public var line: Range<Int> { Int(start)..<Int(end) }
}
