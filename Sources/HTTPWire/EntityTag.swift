/// A validator of a representation (RFC 9110 §8.8.3): an opaque text, and whether it promises equal bytes.
public struct EntityTag: Hashable, Sendable {
    /// Whether two representations with this tag are only equivalent (`W/`).
    public var isWeak: Bool
    /// What is between the quotes.
    public var opaque: [UInt8]

    /// Puts a tag together; `opaque` must hold no quote and no control character.
    public init(isWeak: Bool, opaque: [UInt8]) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// Reads the value of an `ETag` field; nil for anything but one tag. Spaces inside the quotes, which the standard does
    /// not allow and some servers send, are taken as they are.
    public init?(_ value: UnsafeRawBufferPointer) {
        var reader = Reader(value)
        guard let tag = reader.tag(), reader.isAtEnd else { return nil }
        self = tag
    }

    /// The tag as a field has it.
    public var text: [UInt8] {
        (isWeak ? [UInt8(ascii: "W"), UInt8(ascii: "/")] : []) + [0x22] + opaque + [0x22]
    }

    /// Whether both name equivalent representations (RFC 9110 §8.8.3.2, weak comparison).
    public func isEquivalent(to other: EntityTag) -> Bool { opaque == other.opaque }

    /// Reads the value of an `If-Match` or `If-None-Match` line: a list of tags. What cannot be read ends the list; nil
    /// for `*`.
    public static func list(_ value: UnsafeRawBufferPointer) -> [EntityTag]? {
        var reader = Reader(value)
        if reader.isAsterisk { return nil }
        var tags: [EntityTag] = []
        while let tag = reader.tag() { tags.append(tag) }
        return tags
    }

    private struct Reader {
        let value: UnsafeRawBufferPointer
        var position = 0

        init(_ value: UnsafeRawBufferPointer) {
            self.value = value
            skipSeparators()
        }

        var isAtEnd: Bool { position == value.count }
        var isAsterisk: Bool { position < value.count && value[position] == UInt8(ascii: "*") }

        mutating func tag() -> EntityTag? {
            var start = position
            let isWeak = start + 1 < value.count && value[start] == UInt8(ascii: "W") && value[start + 1] == 0x2F
            if isWeak { start += 2 }
            guard start < value.count, value[start] == 0x22 else { return nil }
            guard let end = value.firstIndex(of: 0x22, from: start + 1) else { return nil }
            let opaque = Array(value[(start + 1)..<end])
            guard opaque.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
            position = end + 1
            skipSeparators()
            return EntityTag(isWeak: isWeak, opaque: opaque)
        }

        private mutating func skipSeparators() {
            while position < value.count, ASCII.isBlank(value[position]) || value[position] == UInt8(ascii: ",") {
                position += 1
            }
        }
    }
}
