public import NIOCore

/// Inserts a tag into an HTML body with the content coding `gzip` or `deflate`, without recompressing it; see
/// ``DeflateSplicer`` for how.
///
/// Until the insertion point is known the upstream's bytes are held, and whatever cannot be decoded so far passes
/// through untouched. From then on everything comes out at once, in constant memory. Input that turns out to be damaged
/// or to end early makes ``outcome`` `.failed`; a wrong checksum stays wrong.
///
/// Browsers show the first member of a gzip body only, and so the tag goes into the first, and what follows passes as
/// it is.
public final class DeflateInjector: BodyTransform {
    /// What the insertion does to the body's length: `.exact(0)` when it passes untouched, else `.unknown`.
    public private(set) var length = LengthEffect.undecided
    private var splicer: DeflateSplicer

    /// An injector for one body.
    ///
    /// - Parameters:
    ///   - tag: the bytes to insert, not encoded.
    ///   - format: the body's content coding.
    ///   - requiresDocumentMarker: see ``InsertionPointFinder/init(requiresDocumentMarker:limit:)``.
    ///   - limits: bounds of what may be held and decoded before the insertion point.
    public init(
        tag: ByteBuffer, format: DeflateFormat, requiresDocumentMarker: Bool,
        limits: DecodingLimits = DecodingLimits()
    ) {
        splicer = DeflateSplicer(
            tag: Array(tag.readableBytesView), format: format, requiresDocumentMarker: requiresDocumentMarker,
            limits: limits)
    }

    /// What became of the insertion.
    public var outcome: InjectionOutcome { splicer.outcome }

    /// Takes the next piece of the upstream's body; see ``BodyTransform/push(_:into:)``.
    public func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        if case .skipped = outcome { return out.append(chunk) }
        chunk.withUnsafeReadableBytes { bytes in
            splicer.push(bytes) { out.append(ByteBuffer(bytes: $0)) }
        }
        decideLength()
    }

    /// Takes the end of the upstream's body; see ``BodyTransform/finish(into:)``.
    public func finish(into out: inout [ByteBuffer]) {
        splicer.finish { out.append(ByteBuffer(bytes: $0)) }
        decideLength()
    }

    private func decideLength() {
        guard length == .undecided else { return }
        switch outcome {
        case .undecided: break
        case .skipped: length = .exact(0)
        case .injected, .failed: length = .unknown
        }
    }
}
