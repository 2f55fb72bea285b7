public import NIOCore

/// Inserts a tag into an HTML body that has no content coding.
///
/// Nothing is copied: what comes out are slices of what came in, with the tag between them. Until the insertion point
/// is known (at most the finder's limit) the pieces are held, so that the caller can still send the response head
/// unchanged.
public final class IdentityInjector: BodyTransform {
    /// What the insertion does to the body's length.
    public private(set) var length = LengthEffect.undecided
    /// What became of the insertion.
    public private(set) var outcome = InjectionOutcome.undecided
    private let tag: ByteBuffer
    private var finder: InsertionPointFinder
    private var held: [ByteBuffer] = []

    /// An injector for one body.
    ///
    /// - Parameters:
    ///   - tag: the bytes to insert.
    ///   - requiresDocumentMarker: see ``InsertionPointFinder/init(requiresDocumentMarker:limit:)``.
    ///   - limit: how many bytes may be looked at (and held) before the body is left alone.
    public init(tag: ByteBuffer, requiresDocumentMarker: Bool, limit: Int = 64 * 1024) {
        self.tag = tag
        finder = InsertionPointFinder(requiresDocumentMarker: requiresDocumentMarker, limit: limit)
    }

    /// Takes the next piece of the upstream's body; see ``BodyTransform/push(_:into:)``.
    public func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        guard outcome == .undecided else {
            out.append(chunk)
            return
        }
        held.hold(chunk)
        conclude(chunk.withUnsafeReadableBytes { finder.scan($0) }, into: &out)
    }

    /// Takes the end of the upstream's body; see ``BodyTransform/finish(into:)``.
    public func finish(into out: inout [ByteBuffer]) {
        guard outcome == .undecided else { return }
        conclude(finder.finish(), into: &out)
    }

    private func conclude(_ progress: InsertionPointFinder.Progress, into out: inout [ByteBuffer]) {
        switch progress {
        case .needMore: return
        case .skip(let reason):
            outcome = .skipped(reason)
            length = .exact(0)
            out += held
        case .insert(at: let point):
            outcome = .injected
            length = .exact(tag.readableBytes)
            release(insertingAt: point, into: &out)
        }
        held = []
    }

    private func release(insertingAt point: Int, into out: inout [ByteBuffer]) {
        var remaining = point
        var isInserted = false
        for var chunk in held {
            if !isInserted, remaining <= chunk.readableBytes {
                if remaining > 0, let before = chunk.readSlice(length: remaining) { out.append(before) }
                out.append(tag)
                isInserted = true
            }
            remaining -= chunk.readableBytes
            if chunk.readableBytes > 0 { out.append(chunk) }
        }
    }
}
