/// The request methods that a proxy treats in a way of their own (RFC 9110 §9, RFC 5789). Methods are case-sensitive.
public enum Method: UInt8, Hashable, Sendable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case patch
    case connect
    case trace
    /// Any other method token.
    case other

    /// Whether the method asks for nothing but information (RFC 9110 §9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        default: false
        }
    }

    /// Whether doing it twice means the same as doing it once (RFC 9110 §9.2.2).
    public var isIdempotent: Bool { isSafe || self == .put || self == .delete }

    init(_ bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case 3: self = bytes.equals("GET") ? .get : bytes.equals("PUT") ? .put : .other
        case 4: self = bytes.equals("POST") ? .post : bytes.equals("HEAD") ? .head : .other
        case 5: self = bytes.equals("PATCH") ? .patch : bytes.equals("TRACE") ? .trace : .other
        case 6: self = bytes.equals("DELETE") ? .delete : .other
        case 7: self = bytes.equals("OPTIONS") ? .options : bytes.equals("CONNECT") ? .connect : .other
        default: self = .other
        }
    }
}
