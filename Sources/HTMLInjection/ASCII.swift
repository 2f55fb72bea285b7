extension UInt8 {
    /// Space or tab: optional whitespace of HTTP (RFC 9110 §5.6.3).
    var isOWS: Bool { self == 0x20 || self == 0x09 }

    /// ASCII whitespace of HTML: tab, LF, FF, CR, space.
    var isHTMLWhitespace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 || self == 0x0C }

    /// `A`-`Z` as `a`-`z`, everything else as it is.
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// `A`-`Z` or `a`-`z`.
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection {
    /// Without spaces and tabs at both ends.
    func trimmingOWS() -> SubSequence {
        var rest = drop { $0.isOWS }
        while let last = rest.last, last.isOWS { rest = rest.dropLast() }
        return rest
    }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection {
    /// Without HTML's ASCII whitespace at both ends.
    func trimmingWhitespace() -> SubSequence {
        var rest = drop { $0.isHTMLWhitespace }
        while let last = rest.last, last.isHTMLWhitespace { rest = rest.dropLast() }
        return rest
    }
}

extension Collection<UInt8> {
    /// Whether the bytes are `lowercased`, letters compared without regard to ASCII case.
    func equalsFolded(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        return lowercased.withUTF8Buffer { expected in
            // In memory, most often: there a byte is a byte and no question of indices.
            let isEqual = withContiguousStorageIfAvailable { bytes in
                expected.indices.allSatisfy { bytes[$0].asciiLowercased == expected[$0] }
            }
            return isEqual ?? zip(self, expected).allSatisfy { $0.asciiLowercased == $1 }
        }
    }
}
