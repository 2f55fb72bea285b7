public import NIOCore

/// A content coding that can only be decoded and encoded anew.
public enum RecodedFormat: Equatable, Sendable, CaseIterable {
    /// `br` (RFC 7932).
    case brotli
    /// `zstd` (RFC 8878, RFC 9659).
    case zstd

    fileprivate func makeDecoder() -> (any StreamDecoder)? {
        switch self {
        case .brotli: BrotliDecoder()
        case .zstd: ZstdDecoder()
        }
    }

    fileprivate func makeEncoder() -> (any StreamEncoder)? {
        switch self {
        case .brotli: BrotliEncoder()
        case .zstd: ZstdEncoder()
        }
    }
}

/// Inserts a tag into an HTML body by decoding it and encoding it anew, for codings whose compressed bytes cannot be
/// spliced.
///
/// Until the insertion point is known the upstream's own bytes are held, and whatever cannot be decoded so far passes
/// through untouched. From then on the body is decoded and encoded in constant memory, piece by piece: what the
/// upstream sent at once comes out at once. When the input turns out to be damaged or ends early, ``outcome`` becomes
/// `.failed`. (Brotli has no checksum: a changed bit may decode to another page, with us as with the browser itself.)
public final class RecodingInjector: BodyTransform {
    /// What the insertion does to the body's length: `.exact(0)` when it passes untouched, else `.unknown`.
    public private(set) var length = LengthEffect.undecided
    /// What became of the insertion.
    public private(set) var outcome = InjectionOutcome.undecided
    private let tag: ByteBuffer
    private let format: RecodedFormat
    private let limits: RecodingLimits
    private var finder: InsertionPointFinder
    private var decoder: (any StreamDecoder)?
    private var encoder: (any StreamEncoder)?
    /// The upstream's bytes and what they decode to, while undecided.
    private var held: [ByteBuffer] = []
    private var heldBytes = 0
    private var decoded = ByteBuffer()
    /// Encoded bytes taken and decoded bytes given so far.
    private var consumedTotal = 0
    private var decodedTotal = 0
    /// Whether the encoder was given something since it was last flushed.
    private var hasUnflushed = false
    /// Memory for one step, used again and again.
    private var piece = ByteBuffer()

    /// An injector for one body.
    ///
    /// - Parameters:
    ///   - tag: the bytes to insert, not encoded.
    ///   - format: the body's content coding.
    ///   - requiresDocumentMarker: see ``InsertionPointFinder/init(requiresDocumentMarker:limit:)``.
    ///   - limits: bounds of what may be held and decoded.
    public init(
        tag: ByteBuffer, format: RecodedFormat, requiresDocumentMarker: Bool, limits: RecodingLimits = RecodingLimits()
    ) {
        self.tag = tag
        self.format = format
        self.limits = limits
        finder = InsertionPointFinder(requiresDocumentMarker: requiresDocumentMarker, limit: limits.decodedPrefix)
        decoder = format.makeDecoder()
        if decoder == nil { skip(.undecodable) }
    }

    /// Takes the next piece of the upstream's body; see ``BodyTransform/push(_:into:)``.
    public func push(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        switch outcome {
        case .undecided: search(chunk, into: &out)
        case .skipped: out.append(chunk)
        case .injected:
            var input = chunk
            recode(&input, isPending: true, into: &out)
        case .failed: break
        }
    }

    /// Takes the end of the upstream's body; see ``BodyTransform/finish(into:)``.
    public func finish(into out: inout [ByteBuffer]) {
        switch outcome {
        case .undecided:
            guard heldBytes > 0 else { return skip(.empty, into: &out) }
            guard decoder?.isAtEnd == true else { return skip(.undecodable, into: &out) }
            switch finder.finish() {
            case .insert(at: let point):
                release(into: &out) { out in
                    startEncoding(at: point, into: &out)
                    if outcome == .injected { end(into: &out) }
                }
            case .skip(let reason): skip(reason, into: &out)
            case .needMore: skip(.undecodable, into: &out)
            }
        case .injected: end(into: &out)
        case .skipped, .failed: break
        }
    }

    // MARK: Before the insertion point

    private func search(_ chunk: ByteBuffer, into out: inout [ByteBuffer]) {
        held.hold(chunk)
        heldBytes += chunk.readableBytes
        var input = chunk
        while true {
            let known = decoded.writerIndex
            let step = decode(&input, into: &decoded)
            if step == .damaged { return skip(.undecodable, into: &out) }
            let progress = decoded.withUnsafeReadableBytes {
                finder.scan(UnsafeRawBufferPointer(rebasing: $0.dropFirst(known)))
            }
            if limits.isSuspiciousPrefix(consumed: consumedTotal, decoded: decodedTotal) {
                return skip(.compressionRatio, into: &out)
            }
            switch progress {
            case .skip(let reason): return skip(reason, into: &out)
            case .insert(at: let point):
                return release(into: &out) { out in
                    startEncoding(at: point, into: &out)
                    recode(&input, isPending: step == .unfinished, into: &out)
                }
            case .needMore:
                if step == .unfinished { continue }
                // Metadata and empty blocks without end decode to nothing.
                if heldBytes > limits.heldBytes { skip(.prefixTooLong, into: &out) }
                return
            }
        }
    }

    /// Brings out the first of the changed body. What turns out to be broken in it passes untouched as a whole, as
    /// nothing of it has been released.
    private func release(into out: inout [ByteBuffer], _ first: (inout [ByteBuffer]) -> Void) {
        let untouched = held
        var changed: [ByteBuffer] = []
        first(&changed)
        guard case .failed(let failure) = outcome else {
            out += changed
            return
        }
        out += untouched
        skip(failure == .compressionRatio ? .compressionRatio : .undecodable)
    }

    private func startEncoding(at point: Int, into out: inout [ByteBuffer]) {
        guard let encoder = format.makeEncoder(), let before = decoded.readSlice(length: point) else {
            return skip(.undecodable, into: &out)
        }
        self.encoder = encoder
        outcome = .injected
        length = .unknown
        for bytes in [before, tag, decoded] { encode(bytes, .run, into: &out) }
        held = []
        decoded = ByteBuffer()
    }

    private func skip(_ reason: InjectionSkip) {
        outcome = .skipped(reason)
        length = .exact(0)
        release()
    }

    private func skip(_ reason: InjectionSkip, into out: inout [ByteBuffer]) {
        out += held
        skip(reason)
    }

    // MARK: After it

    /// Decodes and encodes one piece, and flushes, so that a page which is written bit by bit arrives so.
    ///
    /// - Parameter isPending: whether there is anything to decode, be it in the decoder itself.
    private func recode(_ input: inout ByteBuffer, isPending: Bool, into out: inout [ByteBuffer]) {
        var isPending = isPending
        while isPending, outcome == .injected {
            piece.clear()
            let step = decode(&input, into: &piece)
            if step == .damaged { return fail(.damaged) }
            if limits.isSuspiciousBody(consumed: consumedTotal, decoded: decodedTotal) {
                return fail(.compressionRatio)
            }
            encode(piece, .run, into: &out)
            isPending = step == .unfinished
        }
        // A piece that decoded to nothing (a checksum, half a symbol) is no reason to send anything.
        if hasUnflushed, outcome == .injected { encode(ByteBuffer(), .flush, into: &out) }
    }

    private func end(into out: inout [ByteBuffer]) {
        guard decoder?.isAtEnd == true else { return fail(.truncated) }
        encode(ByteBuffer(), .finish, into: &out)
        release()
    }

    private func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> DecodingStep {
        let given = input.readableBytes
        let known = output.writerIndex
        let step = decoder?.decode(&input, into: &output) ?? .damaged
        consumedTotal += given - input.readableBytes
        decodedTotal += output.writerIndex - known
        return step
    }

    private func encode(_ bytes: ByteBuffer, _ ending: EncodingStep, into out: inout [ByteBuffer]) {
        guard ending != .run || bytes.readableBytes > 0 else { return }
        guard encoder?.encode(bytes, ending, into: &out) == true else { return fail(.codec) }
        hasUnflushed = ending == .run
    }

    private func fail(_ failure: InjectionFailure) {
        outcome = .failed(failure)
        release()
    }

    /// Gives all memory back; the object itself may live as long as its connection.
    private func release() {
        decoder = nil
        encoder = nil
        held = []
        decoded = ByteBuffer()
        piece = ByteBuffer()
    }
}
