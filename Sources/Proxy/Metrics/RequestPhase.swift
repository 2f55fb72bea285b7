public import NIOCore

/// The phases of a request, in their order; the names are the same in logs, metrics and the documentation.
///
/// A request fails in the phase that it had come to.
public enum RequestPhase: String, Sendable, CaseIterable {
    /// Its head is arriving.
    case head
    /// It is being found out which domain it is for.
    case route
    /// Its session is being looked up, or Tombolo answers it itself.
    case session
    /// It is on its way to the upstream, whose answer has not begun.
    case request
    /// The upstream's head has arrived, and it is being decided what the client gets of it.
    case response
    /// The response is on its way to the client.
    case body
}

/// When an exchange got how far, and by which connection.
public struct ExchangeTimes: Sendable, Equatable {
    /// When it was known which domain the request is for; measured only for requests that want to know.
    var routedAt: NIODeadline?
    /// When the session had been looked up and the upstream was decided on; nil if none was.
    public internal(set) var forwardedAt: NIODeadline?
    /// When the upstream's first byte came.
    public internal(set) var firstByteAt: NIODeadline?
    /// Whether the upstream's connection had been used before.
    public internal(set) var isReused = false

    /// From the decision on the upstream to its first byte, waiting for a connection included.
    public var toFirstByte: TimeAmount? {
        guard let forwardedAt, let firstByteAt else { return nil }
        return firstByteAt - forwardedAt
    }
}
