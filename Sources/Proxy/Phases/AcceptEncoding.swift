/// What a client says it can decode.
enum AcceptEncoding {
    /// Whether `gzip` is named with a quality above zero (RFC 9110 §12.5.3).
    static func allowsGzip(_ value: String) -> Bool {
        value.split(separator: ",").contains { element in
            let parts = element.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let name = parts.first, name == "gzip" || name == "x-gzip" || name == "*" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains { ("1"..."9").contains($0) } }
        }
    }
}
