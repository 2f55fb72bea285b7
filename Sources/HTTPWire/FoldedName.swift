/// A field name as an upstream may see it: letter case gone, and `_` and `.` no different from `-`.
///
/// CGI, WSGI, PHP, Rack and their like turn `X-Session-Id`, `x_session_id` and `X.Session.Id` into one variable. A name
/// that Tombolo owns must therefore be recognised under all of these spellings.
public struct FoldedName: Hashable, Sendable, CustomStringConvertible {
    /// The folded bytes: lower case, `-` for `_` and `.`.
    public let bytes: [UInt8]

    /// Folds `name`, which should be a field name (`token`, RFC 9110 §5.1).
    public init(_ name: some StringProtocol) { bytes = name.utf8.map(ASCII.folded) }

    /// The folded name as text.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether `name` folds to this one.
    public func matches(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count == bytes.count else { return false }
        for index in 0..<name.count where ASCII.folded(name[index]) != bytes[index] { return false }
        return true
    }
}

/// Several folded names, to be looked for at once.
public struct FoldedNames: Sendable, ExpressibleByArrayLiteral {
    private let names: [FoldedName]
    /// Bit n is set if a name has n bytes; the last bit stands for all greater lengths. Sorts nearly every other name out.
    private let lengths: UInt64
    /// Whether none of the names has a case of ``FieldName``, so that fields that have one need not be looked at.
    let areUnknown: Bool

    /// Makes a set of `names`.
    public init(_ names: [FoldedName]) {
        self.names = names
        areUnknown = names.allSatisfy { $0.bytes.withUnsafeBytes { FieldName($0) } == .other }
        lengths = names.reduce(0) { $0 | Self.bit($1.bytes.count) }
    }

    /// Makes a set of the elements.
    public init(arrayLiteral elements: FoldedName...) { self.init(elements) }

    /// Whether `name` folds to one of them.
    public func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        guard lengths & Self.bit(name.count) != 0 else { return false }
        return names.contains { $0.matches(name) }
    }

    private static func bit(_ length: Int) -> UInt64 { 1 &<< UInt64(min(length, 63)) }
}
