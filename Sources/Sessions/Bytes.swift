extension String {
    /// Equality of the UTF-8 bytes. `==` takes canonically equivalent texts for equal; to an app they are two users.
    func hasSameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}

/// Writes fields so that no two distinct lists of fields give the same bytes: fixed width, or a length in front.
struct FieldWriter {
    private(set) var bytes: [UInt8]

    init(capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ integer: some FixedWidthInteger) {
        var remaining = integer.bitWidth
        while remaining > 0 {
            remaining -= 8
            bytes.append(UInt8(truncatingIfNeeded: integer >> remaining))
        }
    }

    mutating func append(_ id: SessionID) {
        bytes.append(contentsOf: id.bytes)
    }

    /// Bytes of a width that the reader knows, without a length.
    mutating func append(fixed field: [UInt8]) {
        bytes.append(contentsOf: field)
    }

    /// A length in `Length` and the bytes. A field too long for `Length` gets the greatest length, and what follows it
    /// can then not be read as fields any more.
    mutating func append<Length: FixedWidthInteger>(_ field: some Collection<UInt8>, lengthAs: Length.Type) {
        append(Length(clamping: field.count))
        bytes.append(contentsOf: field)
    }
}

/// Reads what `FieldWriter` wrote; `nil` wherever the bytes end too early.
struct FieldReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
        guard let field = slice(Value.bitWidth / 8) else { return nil }
        var value = Value.zero
        for byte in field { value = value << 8 | Value(truncatingIfNeeded: byte) }
        return value
    }

    mutating func slice(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func sessionID() -> SessionID? {
        slice(16).flatMap { SessionID(bytes: $0) }
    }

    mutating func timestamp() -> Timestamp? {
        integer(Int64.self).map(Timestamp.init(seconds:))
    }

    /// A length of 16 bits and as many bytes of valid UTF-8, at most `maximum`.
    mutating func string(atMost maximum: Int) -> String? {
        guard let count = integer(UInt16.self), count <= maximum, let field = slice(Int(count)) else { return nil }
        return String(validating: field, as: UTF8.self)
    }
}
