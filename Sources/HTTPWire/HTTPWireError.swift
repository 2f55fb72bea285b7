/// A message that RFC 9110 or RFC 9112 does not allow, or that exceeds a limit.
///
/// It names the rule that was broken and the side that broke it, and carries no byte of the message: it is safe to
/// log. After an error the connection it came from has no trustworthy message boundary any more and must be closed.
public struct HTTPWireError: Error, Hashable, Sendable {
    /// The side that sent the offending bytes, which decides the status code for the client.
    public enum Sender: UInt8, Hashable, Sendable {
        /// The peer on the front connection: 4xx or 5xx as RFC 9110 says for the kind.
        case client
        /// The server behind us: always 502 (Bad Gateway).
        case upstream
    }

    /// The rule that was broken.
    public enum Kind: UInt8, Error, Hashable, Sendable, CaseIterable {
        /// The request line is not `method SP target SP HTTP/d.d` (RFC 9112 §3).
        case badRequestLine
        /// The request target has a byte or a form that RFC 9112 §3.2 does not allow.
        case badTarget
        /// An HTTP version other than 1.0 and 1.1 (RFC 9110 §2.5).
        case badVersion
        /// Not an error as such: the client speaks HTTP/2 with prior knowledge (RFC 9113 §3.4). Nothing was consumed.
        case http2Preface
        /// The status line is not `HTTP/d.d SP 3DIGIT [SP reason]`, or the status is outside 100…599 (RFC 9112 §4).
        case badStatusLine
        /// A field name with a byte that is no `tchar`, or whitespace before the colon (RFC 9112 §5.1).
        case badFieldName
        /// A field line that begins with its colon.
        case emptyFieldName
        /// A control byte (NUL included) in a field value (RFC 9110 §5.5).
        case badFieldValue
        /// A line that ends in LF without CR (RFC 9112 §2.2 would tolerate it; smuggling lives on that tolerance).
        case bareLF
        /// A CR that is not followed by LF (RFC 9112 §2.2).
        case bareCR
        /// A line folded over two lines (RFC 9112 §5.2).
        case obsoleteFold
        /// The head, or the trailer section, is larger than the limit.
        case headTooLarge
        /// More field lines than the limit.
        case tooManyFields
        /// One field line is longer than the limit.
        case fieldLineTooLong
        /// The request line is longer than the limit.
        case uriTooLong
        /// `Content-Length` is not exactly one field of 1 to 19 digits that fits an `Int` (RFC 9110 §8.6).
        case badContentLength
        /// `Content-Length` and `Transfer-Encoding` in one message (RFC 9112 §6.1).
        case conflictingFraming
        /// `Transfer-Encoding` is repeated, no list of tokens, or has `chunked` twice or not last (RFC 9112 §6.1).
        case badTransferEncoding
        /// `Transfer-Encoding` names a coding other than `chunked` (RFC 9112 §6.1).
        case unsupportedTransferEncoding
        /// `Transfer-Encoding` in an HTTP/1.0 message (RFC 9112 §6.1).
        case transferEncodingInHTTP10
        /// A request without `Host` (RFC 9112 §3.2).
        case missingHost
        /// A request with more than one `Host` (RFC 9112 §3.2).
        case duplicateHost
        /// A host that is empty in HTTP/1.1, or is no `name[:port]` or `[address][:port]`.
        case badHost
        /// Chunked framing that is not to the letter of RFC 9112 §7.1, or overflows.
        case badChunk
        /// The connection ended before the message did (RFC 9112 §8).
        case incompleteMessage
        /// An extended CONNECT (RFC 8441) for another protocol than WebSocket.
        case unsupportedProtocol
    }

    /// The rule that was broken.
    public let kind: Kind

    /// Who broke it.
    public let sender: Sender

    /// Makes an error of `kind` that `sender` is to blame for.
    public init(_ kind: Kind, sender: Sender) {
        self.kind = kind
        self.sender = sender
    }

    /// The status code to answer the client with: 400, 414, 431, 501 or 505 for a client's fault, 502 for an
    /// upstream's.
    public var status: Int {
        guard sender == .client else { return 502 }
        switch kind {
        case .badVersion, .http2Preface: return 505
        case .headTooLarge, .tooManyFields, .fieldLineTooLong: return 431
        case .uriTooLong: return 414
        case .unsupportedTransferEncoding, .unsupportedProtocol: return 501
        default: return 400
        }
    }
}

extension HTTPWireError: CustomStringConvertible {
    /// The side and the rule, such as `client: bareLF`; never a part of the message.
    public var description: String { "\(sender): \(kind)" }
}
