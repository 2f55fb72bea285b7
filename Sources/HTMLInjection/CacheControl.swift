public import NIOCore

/// What `Cache-Control` (RFC 9111 §5.2) says about changing a response.
public enum CacheControl {
    /// Whether this field value has the directive `no-transform` (RFC 9111 §5.2.2.6). Text inside a quoted argument of
    /// another directive does not count.
    public static func hasNoTransform(_ value: ByteBufferView) -> Bool {
        var isQuoted = false
        var isEscaped = false
        var start = value.startIndex
        func isDirective(upTo end: Int) -> Bool {
            let directive = value[start..<end].prefix { $0 != UInt8(ascii: "=") }
            return directive.trimmingOWS().equalsFolded("no-transform")
        }
        for index in value.indices {
            switch value[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                if isDirective(upTo: index) { return true }
                start = index + 1
            default: break
            }
        }
        return isDirective(upTo: value.endIndex)
    }
}
