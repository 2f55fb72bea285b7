public import NIOCore

/// What request and response heads have in common: the bytes as they arrived, and where each field is in them.
///
/// Reading hands out ranges; taking a field out marks it. Make one per connection and have it parsed into again and again:
/// the storage of ``fields`` is kept, so that parsing allocates nothing once it has grown. An object and not a value,
/// because it is asked dozens of questions on its way, and a value would be copied for many of them.
public class MessageHead {
    /// Exactly the bytes of the head, from the start line to the empty line. A slice of what was received.
    public final internal(set) var bytes = ByteBuffer()

    /// Every field line in the order of arrival, those taken out included.
    public final internal(set) var fields: [Field] = []

    /// The version that the sender stated.
    public final internal(set) var version = HTTPVersion.http11

    /// Whether the sender will keep its connection open after this message (RFC 9112 §9.3).
    public final internal(set) var keepAlive = true

    /// The names that occur among ``fields``. Most questions are about names that do not, and end here.
    final var names = FieldNameSet()

    /// Where the first field line begins.
    final var lineEnd = 0

    init() {}

    /// Forgets the message and lets go of what it was read from; the storage of ``fields`` is kept for the next one.
    public func reset() {
        bytes = ByteBuffer()
        fields.removeAll(keepingCapacity: true)
        version = .http11
        keepAlive = true
        names = FieldNameSet()
        lineEnd = 0
    }

    /// Lets go of the storage of ``fields``, too: no message is expected soon.
    public final func shrink() {
        reset()
        fields = []
    }

    final func append(_ field: Field) {
        fields.append(field)
        names.insert(field.known)
    }
}

extension MessageHead {
    // MARK: - Finding

    /// The first field with that name that has not been taken out.
    public func first(_ name: FieldName) -> Field? {
        guard names.contains(name) else { return nil }
        for field in fields where field.known == name && !field.isRemoved { return field }
        return nil
    }

    /// How many fields with that name have not been taken out.
    public func count(_ name: FieldName) -> Int {
        guard names.contains(name) else { return 0 }
        var count = 0
        for field in fields where field.known == name && !field.isRemoved { count += 1 }
        return count
    }

    /// The first field that could be taken for `name` and has not been taken out.
    public func first(foldingTo name: FoldedName) -> Field? {
        for field in fields where !field.isRemoved && field.name.count == name.bytes.count && foldsTo(field, name) {
            return field
        }
        return nil
    }

    // MARK: - Reading

    /// Gives `body` the bytes of `range`, an offset range into ``bytes``; what lies outside is cut off. The pointer must
    /// not be kept.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeReadableBytes { (all) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: all[range.clamped(to: 0..<all.count)]))
        }
    }

    /// Gives `body` the bytes of the field's value. The pointer must not be kept.
    @inlinable
    public func withValue<Result, Failure: Error>(
        of field: Field, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(field.value, body)
    }

    /// Whether these are the bytes of `range`.
    public func bytes(_ range: Range<Int>, equal other: [UInt8]) -> Bool {
        withBytes(range) { bytes in other.withUnsafeBytes { bytes.equals($0) } }
    }

    /// The bytes of `range` as a slice that shares the head's storage; empty when they do not exist.
    public func slice(_ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// The bytes of `range` as text, broken UTF-8 repaired. Allocates: not for the hot path.
    public func string(_ range: Range<Int>) -> String {
        withBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of the first field with that name as text. Allocates: not for the hot path.
    public func string(_ name: FieldName) -> String? { first(name).map { string($0.value) } }

    /// Whether the field's value is that text, whatever the letter case. `lowercased` must be in lower case.
    public func equals(_ field: Field, _ lowercased: StaticString) -> Bool {
        withValue(of: field) { $0.equalsIgnoringCase(lowercased) }
    }

    /// Whether the field's value begins with that text, whatever the letter case. `lowercased` must be in lower case.
    public func value(of field: Field, startsWith lowercased: StaticString) -> Bool {
        withValue(of: field) { $0.clamped(0..<lowercased.utf8CodeUnitCount).equalsIgnoringCase(lowercased) }
    }

    /// Whether that text is anywhere in the field's value, whatever the letter case. `lowercased` must be in lower case.
    public func value(of field: Field, contains lowercased: StaticString) -> Bool {
        withValue(of: field) { value in
            let length = lowercased.utf8CodeUnitCount
            guard value.count >= length else { return false }
            return (0...value.count - length).contains { start in
                value.clamped(start..<start + length).equalsIgnoringCase(lowercased)
            }
        }
    }

    /// Whether a list-valued field (RFC 9110 §5.6.1) has that member in any of its lines, whatever the letter case.
    /// `lowercased` must be in lower case.
    public func list(_ name: FieldName, contains lowercased: StaticString) -> Bool {
        guard names.contains(name) else { return false }
        for field in fields where field.known == name && !field.isRemoved {
            let found = withValue(of: field) { value in
                var members = ListMembers(value)
                while let member = members.next() {
                    if value.clamped(member).equalsIgnoringCase(lowercased) { return true }
                }
                return false
            }
            if found { return true }
        }
        return false
    }

    /// Whether the field's name could be taken for `name` by an upstream: see ``FoldedName``.
    public func foldsTo(_ field: Field, _ name: FoldedName) -> Bool {
        withBytes(field.name) { name.matches($0) }
    }

    // MARK: - Taking out

    /// Takes the field at `index` of ``fields`` out. An index that does not exist changes nothing.
    public func remove(at index: Int) {
        guard fields.indices.contains(index) else { return }
        fields[index].isRemoved = true
    }

    /// Takes out every field with that name.
    public func removeAll(_ name: FieldName) {
        guard names.contains(name) else { return }
        for index in fields.indices where fields[index].known == name { fields[index].isRemoved = true }
    }

    /// Takes out every field that an upstream could take for one of `names`.
    public func removeAll(foldingTo names: FoldedNames) {
        bytes.withUnsafeReadableBytes { all in
            for index in fields.indices where !fields[index].isRemoved {
                if names.areUnknown, fields[index].known != .other { continue }
                if names.contains(all.clamped(fields[index].name)) { fields[index].isRemoved = true }
            }
        }
    }

    // MARK: - Writing

    /// Appends the field lines that have not been taken out, neighbours in one copy. `start` is where the first run
    /// begins: at the first field line, or at the start line to have it copied too.
    func writeLines(from start: Int, into buffer: inout ByteBuffer) {
        bytes.withUnsafeReadableBytes { all in
            var runStart = start
            for field in fields where field.isRemoved {
                let line = field.line
                if line.lowerBound > runStart { buffer.writeBytes(all.clamped(runStart..<line.lowerBound)) }
                runStart = line.upperBound
            }
            // The last two bytes of a head are the empty line, which is the caller's to write.
            let end = all.count - 2
            if end > runStart { buffer.writeBytes(all.clamped(runStart..<end)) }
        }
    }
}
