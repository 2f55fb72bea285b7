public import HTTPWire
public import NIOCore
public import TLS

/// What the transport itself found wrong with an exchange: the status, the fault and the words for an error page.
///
/// Indirect, since every connection has room for one and nearly none has one.
public indirect enum TransportFailure: Error, Sendable, Equatable {
    /// The request cannot be accepted as it is written (400, 414, 431, 501, 505).
    case badRequest(HTTPWireError)
    /// `CONNECT` is not offered (405).
    case methodNotAllowed
    /// The head did not arrive in time (408).
    case requestTimeout(after: TimeAmount)
    /// The body came with less than `rate` bytes a second, or not at all, for longer than allowed (408).
    case bodyTooSlow(after: TimeAmount, rate: Int)
    /// The body is larger than the limit in bytes (413).
    case bodyTooLarge(limit: Int)
    /// The client took less than `rate` bytes a second of the answer, or nothing, for longer than allowed. It has seen
    /// the answer's head: there is nothing to say to it any more.
    case clientTooSlow(after: TimeAmount, rate: Int)
    /// No domain list names the host (421). The transport never says this itself; ``Phases`` does.
    case unknownHost(String)
    /// The connection was encrypted for another host than the request is for (421, RFC 9110 §15.5.20). Said by
    /// ``Phases``, too.
    case misdirected(String, serverName: String)
    /// The upstream could not be reached; what the operating system said (502).
    case connectFailed(Upstream, String)
    /// The upstream could not be reached because this process is out of file descriptors (503).
    case outOfDescriptors(Upstream)
    /// No TLS could be agreed on with the upstream (502).
    case handshakeFailed(Upstream, UpstreamTLSFailure)
    /// The upstream ended the exchange upon hearing that the client has closed its sending side (502, if anybody reads it).
    case clientLeft
    /// The upstream did not accept the connection in time (504).
    case connectTimeout(Upstream)
    /// The upstream closed the connection before it had sent a complete response head (502).
    case closedEarly(Upstream)
    /// The upstream sent something that is not HTTP as the standard has it (502).
    case invalidResponse(Upstream, String)
    /// The upstream did not answer in time (504).
    case responseTimeout(Upstream)
    /// The upstream fell silent within its answer, of which the client has the beginning.
    case upstreamSilent(Upstream)
    /// All connections to the upstream are in use and the queue for them is full (503).
    case overloaded(Upstream)
    /// No connection to the upstream came free in time (503).
    case queueTimeout(Upstream, after: TimeAmount)
    /// A store was needed and did not answer (503).
    case storeUnavailable
    /// The server is shutting down (503).
    case draining
    /// A mistake of this program (500).
    case internalError
}
