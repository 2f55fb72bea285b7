extension UInt8 {
    /// Space or tab.
    @inlinable var isWSP: Bool { self == 0x20 || self == 0x09 }

    @usableFromInline var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    var isDigit: Bool { self &- 0x30 < 10 }
}

extension Collection<UInt8> {
    /// Whether the bytes are `lowercased`, letters compared without regard to ASCII case.
    func equalsFolded(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        return hasPrefixFolded(lowercased)
    }

    /// Whether the bytes start with `lowercased`, letters compared without regard to ASCII case.
    func hasPrefixFolded(_ lowercased: StaticString) -> Bool {
        guard count >= lowercased.utf8CodeUnitCount else { return false }
        return lowercased.withUTF8Buffer { expected in zip(self, expected).allSatisfy { $0.asciiLowercased == $1 } }
    }
}

extension RandomAccessCollection<UInt8> {
    /// Without spaces and tabs at both ends.
    @inlinable
    func trimmingWSP() -> SubSequence {
        var start = startIndex
        var end = endIndex
        while start < end, self[start].isWSP { formIndex(after: &start) }
        while start < end, self[index(before: end)].isWSP { formIndex(before: &end) }
        return self[start..<end]
    }
}
