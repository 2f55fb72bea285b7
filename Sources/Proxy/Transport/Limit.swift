import HTTPWire

/// A limit of the data plane that somebody can run into; each has a counter of its own in ``TransportCounters``.
///
/// The place to look when a limit is added: its name here, its failure in ``TransportFailure/limit``, and it is
/// counted.
public enum Limit: Int, CaseIterable, Sendable {
    /// The longest request line (414).
    case requestLine
    /// The longest field line of a request (431).
    case fieldLine
    /// The number of fields of a request (431).
    case fields
    /// The largest request head, or trailer section (431).
    case head
    /// The time for a request's head (408).
    case headTime
    /// The time for a TLS handshake (the connection is closed).
    case handshakeTime
    /// The largest request body (413).
    case body
    /// The least speed of a request's body (408).
    case requestRate
    /// The least speed at which a client takes an answer (the connection is reset).
    case responseRate
    /// The time between two requests (the connection is closed).
    case idleTime
    /// The time without a byte in a tunnel (it is closed).
    case tunnelTime
    /// The number of client connections (refused).
    case connections
    /// The number of connections of one client address (refused).
    case connectionsPerAddress
    /// The number of files that the process may have open (accepting pauses).
    case openFiles
    /// The number of requests that wait for an upstream's connection (503).
    case pending
    /// The time that a request waits for an upstream's connection (503).
    case pendingTime
    /// The time to connect to an upstream (504).
    case upstreamConnectTime
    /// The time that an upstream may think (504).
    case upstreamResponseTime
    /// The time that an upstream may be silent within a response (the connection is broken off).
    case upstreamIdleTime
    /// The size of an upstream's response head, its lines and their number (502).
    case responseHead
    /// The time that was left at a shutdown (the connection is closed).
    case drainTime
    /// The number of HTTP/2 streams that a client cancels in a time (CVE-2023-44487). This one and those below end the
    /// connection.
    case http2Resets
    /// The number of HTTP/2 streams that have to be reset in a time (CVE-2025-8671).
    case http2StreamErrors
    /// The number of `PING`, `SETTINGS` and `PRIORITY` frames in a time.
    case http2ControlFrames
    /// The number of empty `DATA` frames one behind the other.
    case http2EmptyData
    /// The number of `CONTINUATION` frames of a field section.
    case http2Continuations
    /// The number of frames that move nothing, among them `WINDOW_UPDATE`.
    case http2IdleFrames
    /// The size of a field section that is looked at; one that cannot be unpacked counts as well.
    case http2Head
    /// The time for a field section.
    case http2HeadTime

    /// A short stable word, as metrics want it: `request_line`.
    public var name: String {
        switch self {
        case .requestLine: "request_line"
        case .fieldLine: "field_line"
        case .fields: "fields"
        case .head: "head"
        case .headTime: "head_time"
        case .handshakeTime: "handshake_time"
        case .body: "body"
        case .requestRate: "request_rate"
        case .responseRate: "response_rate"
        case .idleTime: "idle_time"
        case .tunnelTime: "tunnel_time"
        case .connections: "connections"
        case .connectionsPerAddress: "connections_per_address"
        case .openFiles: "open_files"
        case .pending: "pending"
        case .pendingTime: "pending_time"
        case .upstreamConnectTime: "upstream_connect_time"
        case .upstreamResponseTime: "upstream_response_time"
        case .upstreamIdleTime: "upstream_idle_time"
        case .responseHead: "response_head"
        case .drainTime: "drain_time"
        case .http2Resets: "http2_resets"
        case .http2StreamErrors: "http2_stream_errors"
        case .http2ControlFrames: "http2_control_frames"
        case .http2EmptyData: "http2_empty_data"
        case .http2Continuations: "http2_continuations"
        case .http2IdleFrames: "http2_idle_frames"
        case .http2Head: "http2_head"
        case .http2HeadTime: "http2_head_time"
        }
    }
}

extension TransportFailure {
    /// The limit that was run into, if it was one.
    var limit: Limit? {
        switch self {
        case .badRequest(let error): error.limit
        case .requestTimeout: .headTime
        case .bodyTooSlow: .requestRate
        case .bodyTooLarge: .body
        case .clientTooSlow: .responseRate
        case .overloaded: .pending
        case .queueTimeout: .pendingTime
        case .connectTimeout: .upstreamConnectTime
        case .responseTimeout: .upstreamResponseTime
        case .upstreamSilent: .upstreamIdleTime
        default: nil
        }
    }
}

extension HTTPWireError {
    /// The limit that a message exceeds, if that is what is wrong with it.
    var limit: Limit? {
        let limit: Limit? =
            switch kind {
            case .uriTooLong: .requestLine
            case .fieldLineTooLong: .fieldLine
            case .tooManyFields: .fields
            case .headTooLarge: .head
            default: nil
            }
        return sender == .upstream && limit != nil ? .responseHead : limit
    }
}
