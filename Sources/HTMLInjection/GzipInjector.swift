import CZlib
public import NIOCore

/// Inserts a tag into an HTML body with the content coding gzip (RFC 1952), by decoding and encoding it.
///
/// Until the insertion point is known the upstream's own bytes are held, and whatever cannot be decoded so far passes
/// through untouched. From then on the body is decoded and encoded in constant memory, piece by piece: what the
/// upstream sent at once comes out at once. The input's checksums and lengths are verified; when they are wrong, or
/// the input ends early, ``outcome`` becomes `.failed`.
///
/// All members of a multi-member body are decoded and come out as one, since browsers show only the first. Bytes after
/// the last member are dropped, as browsers and `gzip` do.
public final class GzipInjector: BodyTransform {
    /// What the insertion does to the body's length: `.exact(0)` when it passes untouched, else `.unknown`.
    public private(set) var length = LengthEffect.undecided
    /// What became of the insertion.
    public private(set) var outcome = InjectionOutcome.undecided
    private let tag: ByteBuffer
    private let level: Int32
    private let limits: GzipLimits
    private var finder: InsertionPointFinder
    private var decoder: GzipDecoder?
    private var encoder: GzipEncoder?
    /// The upstream's bytes and what they decode to, while undecided.
    private var held: [ByteBuffer] = []
    private var heldBytes = 0
    private var decoded = ByteBuffer()

    /// An injector for one body.
    ///
    /// - Parameters:
    ///   - tag: the bytes to insert, not encoded.
    ///   - requiresDocumentMarker: see ``InsertionPointFinder/init(requiresDocumentMarker:limit:)``.
    ///   - level: zlib's level, 1...9. The default spares the event loop, at the cost of some bytes.
    ///   - limits: bounds of what may be held and decoded before the insertion point.
    public init(tag: ByteBuffer, requiresDocumentMarker: Bool, level: Int = 1, limits: GzipLimits = GzipLimits()) {
        self.tag = tag
        self.level = Int32(clamping: min(max(level, 1), 9))
        self.limits = limits
        finder = InsertionPointFinder(requiresDocumentMarker: requiresDocumentMarker, limit: limits.decodedPrefix)
        decoder = GzipDecoder()
        if decoder == nil { skip(.undecodable) }
    }

    /// Takes the next piece of the upstream's body; see ``BodyTransform/push(_:into:)``.
    public func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        switch outcome {
        case .undecided: search(chunk, into: &out)
        case .skipped: out.append(chunk)
        case .injected: recode(chunk, into: &out)
        case .failed: break
        }
    }

    /// Takes the end of the upstream's body; see ``BodyTransform/finish(into:)``.
    public func finish(into out: inout [ByteBuffer]) {
        switch outcome {
        case .undecided:
            // The decoder may have found the end of the last member, or nothing at all.
            guard heldBytes > 0 else { return skip(.empty, into: &out) }
            guard decoder?.isAtMemberEnd == true else { return skip(.undecodable, into: &out) }
            switch finder.finish() {
            case .insert(at: let point): startEncoding(at: point, into: &out)
            case .skip(let reason): return skip(reason, into: &out)
            case .needMore: return skip(.undecodable, into: &out)
            }
            if outcome == .injected { end(into: &out) }
        case .injected: end(into: &out)
        case .skipped, .failed: break
        }
    }

    // MARK: Before the insertion point

    private func search(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        held.append(chunk)
        heldBytes += chunk.readableBytes
        var point: Int?
        var reason: InjectionSkip?
        var rest: ByteBuffer? = chunk
        while point == nil, reason == nil, let input = rest {
            let known = decoded.writerIndex
            let step = decoder?.decode(input, into: &decoded) ?? .damaged
            rest = step.rest
            if step.isDamaged {
                reason = .undecodable
                break
            }
            let progress = decoded.withUnsafeReadableBytes {
                finder.scan(UnsafeRawBufferPointer(rebasing: $0[known...]))
            }
            switch progress {
            case .needMore: break
            case .insert(at: let offset): point = offset
            case .skip(let found): reason = found
            }
            if let consumed = decoder?.consumedBytes,
                limits.isSuspicious(consumed: consumed, decoded: decoded.writerIndex)
            {
                reason = .compressionRatio
            }
        }
        if let reason { return skip(reason, into: &out) }
        guard let point else {
            // A header without end, or empty blocks without end, decode to nothing.
            if heldBytes > limits.heldBytes { skip(.prefixTooLong, into: &out) }
            return
        }
        startEncoding(at: point, into: &out)
        if outcome == .injected { recode(rest, into: &out) }
    }

    private func startEncoding(at point: Int, into out: inout [ByteBuffer]) {
        guard let encoder = GzipEncoder(level: level), var before = decoded.readSlice(length: point) else {
            return skip(.undecodable, into: &out)
        }
        self.encoder = encoder
        outcome = .injected
        length = .unknown
        var tag = tag
        encode(&before, into: &out)
        encode(&tag, into: &out)
        encode(&decoded, into: &out)
        held = []
        decoded = ByteBuffer()
    }

    private func skip(_ reason: InjectionSkip) {
        outcome = .skipped(reason)
        length = .exact(0)
        decoder = nil
        decoded = ByteBuffer()
    }

    private func skip(_ reason: InjectionSkip, into out: inout [ByteBuffer]) {
        skip(reason)
        out += held
        held = []
    }

    // MARK: After it

    /// Decodes and encodes one piece, and flushes, so that a page which is written bit by bit arrives so.
    private func recode(_ chunk: ByteBuffer?, into out: inout [ByteBuffer]) {
        var rest = chunk
        var piece = ByteBuffer()
        while outcome == .injected, let input = rest {
            piece.clear()
            guard let step = decoder?.decode(input, into: &piece), !step.isDamaged else { return fail(.damaged) }
            rest = step.rest
            encode(&piece, into: &out)
        }
        guard outcome == .injected, let encoder else { return }
        if !encoder.flush(Z_SYNC_FLUSH, into: &out) { fail(.codec) }
    }

    private func end(into out: inout [ByteBuffer]) {
        guard decoder?.isAtMemberEnd == true else { return fail(.truncated) }
        guard encoder?.flush(Z_FINISH, into: &out) == true else { return fail(.codec) }
        decoder = nil
        encoder = nil
    }

    private func encode(_ bytes: inout ByteBuffer, into out: inout [ByteBuffer]) {
        guard encoder?.encode(&bytes, into: &out) == true else { return fail(.codec) }
    }

    private func fail(_ failure: InjectionFailure) {
        outcome = .failed(failure)
        decoder = nil
        encoder = nil
    }
}

/// Bounds of what a ``GzipInjector`` holds and decodes before it knows the insertion point.
public struct GzipLimits: Equatable, Sendable {
    /// Decoded bytes to look at.
    public var decodedPrefix = 64 * 1024
    /// Encoded bytes to hold.
    public var heldBytes = 128 * 1024
    /// How many bytes one encoded byte may stand for, once the decoded prefix is longer than a quarter of its bound.
    /// Deflate's own maximum is 1032.
    public var ratio = 500

    /// The default bounds: 64 KiB decoded, 128 KiB encoded, ratio 500.
    public init() {}

    func isSuspicious(consumed: Int, decoded: Int) -> Bool {
        decoded > decodedPrefix / 4 && decoded / max(consumed, 1) >= ratio
    }
}
