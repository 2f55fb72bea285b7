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
