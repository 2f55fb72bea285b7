/// A part of a field value: a slice keeps its place in the line, so that an edit knows where it goes.
typealias Bytes = ArraySlice<UInt8>

extension UInt8 {
    /// ASCII whitespace as CSP splits at it (WHATWG Infra §4.6): tab, LF, FF, CR, space.
    var isASCIIWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0C || self == 0x0D }

    /// `A`-`Z` as `a`-`z`, everything else as it is.
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isASCIIDigit: Bool { self &- 0x30 < 10 }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        if isASCIIDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension Bytes {
    /// Without ASCII whitespace at both ends.
    var trimmed: Bytes {
        var rest = drop { $0.isASCIIWhitespace }
        while let last = rest.last, last.isASCIIWhitespace { rest.removeLast() }
        return rest
    }
}

extension Collection<UInt8> {
    /// Whether these are the bytes of `other`, letters compared without regard to ASCII case.
    func equalsFolded(_ other: some Collection<UInt8>) -> Bool {
        elementsEqual(other) { $0.asciiLowercased == $1.asciiLowercased }
    }

    func equalsFolded(_ other: StaticString) -> Bool {
        other.withUTF8Buffer { equalsFolded($0) }
    }

    /// Whether these bytes begin with `prefix`, letters compared without regard to ASCII case.
    func startsFolded(_ prefix: StaticString) -> Bool {
        self.prefix(prefix.utf8CodeUnitCount).equalsFolded(prefix)
    }
}
