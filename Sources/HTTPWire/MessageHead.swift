public import NIOCore

/// What request and response heads have in common: reading, by ranges into one buffer.
public protocol MessageHead: Sendable {
    /// The bytes and the field lines.
    var header: HeaderSection { get }
    /// The version that the sender stated.
    var version: HTTPVersion { get }
    /// Whether the sender will keep its connection open after this message (RFC 9112 §9.3).
    var keepAlive: Bool { get }
}

extension MessageHead {
    /// Exactly the bytes of the head, from the start line to the empty line.
    @inlinable public var bytes: ByteBuffer { header.bytes }

    /// Every field line in the order of arrival, those taken out included.
    @inlinable public var fields: [Field] { header.fields }

    /// The first field with that name that has not been taken out.
    @inlinable public func first(_ name: FieldName) -> Field? { header.first(name) }

    /// The first field that could be taken for `name` and has not been taken out.
    @inlinable public func first(foldingTo name: FoldedName) -> Field? { header.first(foldingTo: name) }

    /// How many fields with that name have not been taken out.
    @inlinable public func count(_ name: FieldName) -> Int { header.count(name) }

    /// Gives `body` the bytes of `range`; what lies outside of the head is cut off. The pointer must not be kept.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try header.withBytes(range, body)
    }

    /// Gives `body` the bytes of the field's value. The pointer must not be kept.
    @inlinable
    public func withValue<Result, Failure: Error>(
        of field: Field, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try header.withBytes(field.value, body)
    }

    /// The bytes of `range` as a slice that shares the head's storage; empty when they do not exist.
    @inlinable public func slice(_ range: Range<Int>) -> ByteBuffer { header.slice(range) }

    /// The bytes of `range` as text, broken UTF-8 repaired. Allocates: not for the hot path.
    @inlinable public func string(_ range: Range<Int>) -> String { header.string(range) }

    /// The value of the first field with that name as text. Allocates: not for the hot path.
    public func string(_ name: FieldName) -> String? { first(name).map { string($0.value) } }

    /// Whether the field's value is that text, whatever the letter case. `lowercased` must be in lower case.
    @inlinable
    public func equals(_ field: Field, _ lowercased: StaticString) -> Bool { header.equals(field, lowercased) }

    /// Whether a list-valued field has that member in any of its lines, whatever the letter case. `lowercased` must be
    /// in lower case.
    @inlinable
    public func list(_ name: FieldName, contains lowercased: StaticString) -> Bool {
        header.list(name, contains: lowercased)
    }

    /// Whether the field's name could be taken for `name` by an upstream: see ``FoldedName``.
    @inlinable
    public func foldsTo(_ field: Field, _ name: FoldedName) -> Bool { header.foldsTo(field, name) }
}
