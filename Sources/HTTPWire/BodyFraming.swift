public import NIOCore

/// How the end of a message body is found (RFC 9112 §6.3).
public enum BodyFraming: Hashable, Sendable {
    /// There is no body.
    case none
    /// Exactly this many bytes, 0 or more.
    case length(Int)
    /// The chunked transfer coding.
    case chunked
    /// Everything until the connection closes. Responses only.
    case untilClose

    /// Whether no body byte can follow the head.
    public var isEmpty: Bool { self == .none || self == .length(0) }
}

/// The version of an HTTP/1 message (RFC 9110 §2.5).
public enum HTTPVersion: UInt8, Hashable, Sendable {
    /// HTTP/1.0: no persistent connection unless asked for, no transfer codings.
    case http10
    /// HTTP/1.1.
    case http11
}

/// What a body reader has to hand on.
public enum BodyEvent: Hashable, Sendable {
    /// The buffer is used up as far as possible; call again when more bytes have arrived.
    case needMore
    /// Some bytes of the body: a slice of the buffer that was read from, never empty.
    case data(ByteBuffer)
    /// The body is complete. `trailers` holds the trailer field lines that may be forwarded, each with its CRLF, or
    /// nothing. What is left in the buffer belongs to the next message.
    case end(trailers: ByteBuffer)
}
