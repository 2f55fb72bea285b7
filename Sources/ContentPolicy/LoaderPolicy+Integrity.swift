extension LoaderPolicy {
    /// Whether an `Integrity-Policy` (W3C SRI §3.8) refuses scripts without `integrity`: a dictionary of structured fields
    /// (RFC 9651 §3.2) with `blocked-destinations=(script)`.
    ///
    /// - Parameter lines: the values of all `Integrity-Policy` field lines, in order.
    ///
    /// This reads generously: a malformed field, which a browser ignores as a whole, may count. Then the tag has an
    /// `integrity` that nobody asked for, and runs all the same.
    public static func requiresIntegrity(_ lines: [[UInt8]]) -> Bool {
        var isRequired = false
        for member in lines.flatMap({ $0.split(separator: UInt8(ascii: ",")) }) {
            guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { continue }
            // Keys are lower case; the last of a name counts.
            guard member[..<equals].trimmed.elementsEqual("blocked-destinations".utf8) else { continue }
            let list = member[equals...].dropFirst().prefix { $0 != UInt8(ascii: ")") }
            guard list.first == UInt8(ascii: "(") else { continue }
            isRequired = list.dropFirst().split { $0.isASCIIWhitespace }.contains { $0.elementsEqual("script".utf8) }
        }
        return isRequired
    }
}
