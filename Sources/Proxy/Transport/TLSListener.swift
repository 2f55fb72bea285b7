public import NIOCore
import NIOSSL
public import TLS

/// What a listener needs to speak TLS.
public struct TLSListener: Sendable {
    let certificates: CertificateTable
    let report: @Sendable (TLSFailure, SocketAddress?) -> Void

    /// - Parameters:
    ///   - certificates: which certificate is for which name; looked at anew by every handshake.
    ///   - report: told of every handshake that failed, with the client's address; called on an event loop.
    public init(
        certificates: CertificateTable, report: @escaping @Sendable (TLSFailure, SocketAddress?) -> Void = { _, _ in }
    ) {
        self.certificates = certificates
        self.report = report
    }
}

/// Why a connection to a TLS listener came to nothing. All of it is the client's doing, as far as can be seen from here.
public enum TLSFailure: Sendable, Equatable, CustomStringConvertible {
    /// It spoke HTTP without TLS.
    case cleartext
    /// What it sent is no ClientHello.
    case malformed
    /// It did not say which name it wants.
    case noServerName
    /// No certificate is for the name it wants.
    case unknownServerName(String)
    /// It went away, or was told to.
    case closed
    /// It took longer than ``TransportSettings/headTimeout``.
    case timeout
    /// What NIOSSL says: no common version or cipher, a certificate that the client does not believe, …
    case handshake(String)

    /// A short stable word.
    public var code: String {
        switch self {
        case .cleartext: "cleartext"
        case .malformed: "malformed"
        case .noServerName: "no_server_name"
        case .unknownServerName: "unknown_server_name"
        case .closed: "closed"
        case .timeout: "timeout"
        case .handshake: "handshake"
        }
    }

    /// ``code``, and a detail where there is one.
    public var description: String {
        switch self {
        case .unknownServerName(let name): "\(code) \(name.prefix(255))"
        case .handshake(let error): "\(code) \(error)"
        default: code
        }
    }
}

/// What the client of an encrypted connection has said and had of TLS.
struct TLSClient {
    /// The name it asked for, in lower case without final dot.
    let serverName: String
    /// Where NIOSSL is in the pipeline: what is done here is not seen by it.
    let context: ChannelHandlerContext

    /// The version that was agreed on, as logs write it.
    var version: String? {
        switch (context.handler as? NIOSSLServerHandler)?.tlsVersion {
        case .tlsv13?: "TLSv1.3"
        case .tlsv12?: "TLSv1.2"
        default: nil
        }
    }
}

extension TLSHandshake {
    /// Alerts of RFC 8446 §6, all fatal.
    enum Alert: UInt8 {
        case decodeError = 50
        /// What a server that requires a name says to a client that has none (RFC 8446 §9.2).
        case missingExtension = 109
        /// RFC 6066 §3.
        case unrecognizedName = 112
    }

    /// An alert in a record of its own, as it is sent before keys are agreed on (RFC 8446 §5.1).
    static func alert(_ alert: Alert) -> ByteBuffer { ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, alert.rawValue]) }

    /// For somebody who wrote http:// before an address of this port.
    static let answerInCleartext: ByteBuffer = {
        let words = "This port speaks https: write https:// before the address.\n"
        return ByteBuffer(
            string: "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Length: \(words.utf8.count)\r\nConnection: close\r\n\r\n\(words)")
    }()
}
