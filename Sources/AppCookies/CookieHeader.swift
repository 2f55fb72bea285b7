/// One `name=value` of a `Cookie` header, as slices of the header's bytes.
public struct CookiePair<Bytes: RandomAccessCollection<UInt8>> {
    /// The name; empty for a cookie without one (`Cookie: value`).
    public let name: Bytes.SubSequence
    /// The value, quotation marks included.
    public let value: Bytes.SubSequence
    /// Both and what stands between them, as it was sent.
    public let text: Bytes.SubSequence

    @inlinable
    init(_ text: Bytes.SubSequence) {
        self.text = text
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
            name = text[text.startIndex..<text.startIndex]
            value = text
            return
        }
        name = CookiePair.trim(text[text.startIndex..<equals])
        value = CookiePair.trim(text[text.index(after: equals)...])
    }

    @inlinable
    static func trim(_ bytes: Bytes.SubSequence) -> Bytes.SubSequence {
        var start = bytes.startIndex
        var end = bytes.endIndex
        while start < end, bytes[start].isWSP { bytes.formIndex(after: &start) }
        while start < end, bytes[bytes.index(before: end)].isWSP { bytes.formIndex(before: &end) }
        return bytes[start..<end]
    }
}

/// The pairs of a `Cookie` header value (RFC 6265bis §4.2), read in place. Empty pairs are passed over; nothing is ever
/// rejected, since whatever a client sends has to be dealt with.
public struct CookiePairs<Bytes: RandomAccessCollection<UInt8>>: Sequence, IteratorProtocol {
    @usableFromInline var rest: Bytes.SubSequence

    /// The pairs of one header value.
    @inlinable
    public init(_ value: Bytes) {
        rest = value[...]
    }

    /// The next pair in the order they were sent.
    @inlinable
    public mutating func next() -> CookiePair<Bytes>? {
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
            let text = CookiePair<Bytes>.trim(rest[rest.startIndex..<end])
            rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            if !text.isEmpty { return CookiePair(text) }
        }
        return nil
    }
}

/// Reads and rewrites the `Cookie` header of a request.
public enum CookieHeader {
    /// The value of the first cookie with this name, as a slice; `nil` when there is none.
    @inlinable
    public static func value<Bytes: RandomAccessCollection<UInt8>>(
        of name: some Collection<UInt8>, in header: Bytes
    ) -> Bytes.SubSequence? {
        var pairs = CookiePairs(header)
        while let pair = pairs.next() {
            if pair.name.elementsEqual(name) { return pair.value }
        }
        return nil
    }

    /// Appends the cookies of a header value to `out`, each pair as it was sent, joined with `; ` (RFC 6265bis §4.2.1);
    /// call it for every `Cookie` line of a request, and the result is one value for one line.
    ///
    /// - Parameters:
    ///   - header: the value of one line.
    ///   - out: the value so far; may be empty.
    ///   - isKept: whether the pair stays. Other cookies' duplicates stay in their order.
    @inlinable
    public static func append<Bytes: RandomAccessCollection<UInt8>>(
        _ header: Bytes, to out: inout [UInt8], where isKept: (CookiePair<Bytes>) -> Bool
    ) {
        var pairs = CookiePairs(header)
        while let pair = pairs.next() {
            guard isKept(pair) else { continue }
            if !out.isEmpty { out += [UInt8(ascii: ";"), UInt8(ascii: " ")] }
            out += pair.text
        }
    }

    /// Appends one cookie.
    @inlinable
    public static func append(name: some Collection<UInt8>, value: some Collection<UInt8>, to out: inout [UInt8]) {
        if !out.isEmpty { out += [UInt8(ascii: ";"), UInt8(ascii: " ")] }
        out += name
        if !name.isEmpty { out.append(UInt8(ascii: "=")) }
        out += value
    }
}
