public import NIOCore

/// A change to a response body, made while the body streams through.
///
/// The caller pushes what the upstream sent, in order, and sends on what comes out. Instances belong to one response
/// and one event loop.
public protocol BodyTransform: AnyObject {
    /// Takes the next piece of the upstream's body and appends what may be sent now to `out`.
    func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer])

    /// Takes the end of the upstream's body and appends the rest to `out`. Not called when the body was cut off: the
    /// caller then breaks its own response off as well.
    func finish(into out: inout [ByteBuffer])

    /// What the transform does to the body's length, as far as it is known by now.
    var length: LengthEffect { get }

    /// What became of the insertion, for metrics; and whether the response must be broken off.
    var outcome: InjectionOutcome { get }
}

/// What a ``BodyTransform`` does to the length of a body.
public enum LengthEffect: Equatable, Sendable {
    /// Not known yet. Nothing has come out so far, and the caller holds the response head back.
    case undecided
    /// The body grows by so many bytes (0: it stays as it is), so a `Content-Length` can be kept and adjusted.
    case exact(Int)
    /// The length will only be known at the end: the caller must use chunked transfer coding, or close the connection.
    case unknown
}
