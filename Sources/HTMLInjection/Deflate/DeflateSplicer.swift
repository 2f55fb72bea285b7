/// Inserts a tag into a compressed document without recompressing it.
///
/// A deflate stream is a sequence of blocks, and a block a sequence of symbols: literals, and matches, which repeat
/// bytes from up to 32 KiB back. Decoding the first symbols finds the insertion point. What comes out is
///
///     upstream's bits │ end of block │ tag in a block  │ block's    │ upstream's symbols, but for the  │ upstream's
///     up to the point │ (its own)    │ with fixed codes│ own header │ matches that reach over the tag  │ bits
///
/// A match whose source lies before the tag, and which stands after it, has to reach back farther by the tag's length.
/// Only the first 32 KiB after the tag can have such matches, and in most pages there are only a few. One is written,
/// in order of preference, as a match with the greater distance, if the block's code has a symbol for it; as literals,
/// if the block's code has them all; or in a *detour*, a small block with fixed codes, where everything can be written,
/// after which the block is opened again. A match whose source the tag divides is written as two.
///
/// All the rest is upstream's bits as they are, though most often not at the same bit of a byte. They have to be walked
/// through for the ends of the blocks and of the stream, but nothing has to be decoded, and there is no window to
/// keep. The new checksum follows from the old one: ``DeflateEnvelope/trailer(_:prefix:tag:suffixLength:)``.
///
/// Blocks that begin before the end of those 32 KiB are never marked as the last, since a detour can be needed after
/// their header has gone out; an empty last block follows where one of them was.
///
/// Until the insertion point is known everything is held; then the stream is gone through once more, from its start,
/// this time writing.
struct DeflateSplicer: ~Copyable {
    /// What became of the insertion.
    var outcome = InjectionOutcome.undecided
    let tag: [UInt8]
    let limits: DecodingLimits
    var finder: InsertionPointFinder
    var envelope: DeflateEnvelope
    var reader = DeflateReader()
    var writer = BitWriter()
    /// The decoded data: all of it during the search, then as far as matches over the tag may need it.
    var decoded: [UInt8] = []

    // What follows is about writing.

    /// The insertion point, and whether the tag has been written.
    var point = 0
    var isInserted = false
    /// Where the bits begin that are to be copied as they are.
    var runStart = 0
    /// Whether the block's header was written as one that is not the last.
    var isOpenEnded = false
    var isInDetour = false
    /// Detours taken in this block.
    var detours = 0
    /// The block's header with the codes, for opening the block again, and which of its bits those are.
    var header = InputBuffer()
    var headerBits = 0..<0
    /// The block's codes to write with, once needed.
    var ownCode: DeflateCode?
    /// Whether the trailer is over: what comes now is not ours.
    var isOver = false

    init(tag: [UInt8], format: DeflateFormat, requiresDocumentMarker: Bool, limits: DecodingLimits) {
        self.tag = tag
        self.limits = limits
        finder = InsertionPointFinder(requiresDocumentMarker: requiresDocumentMarker, limit: limits.decodedPrefix)
        envelope = DeflateEnvelope(format)
    }

    /// Takes the next piece of the compressed body, and gives what may be sent now to `emit`, at most once.
    mutating func push(_ chunk: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) -> Void) {
        switch outcome {
        case .undecided:
            reader.input.append(chunk)
            search()
            settle(emit)
        case .injected:
            reader.input.append(chunk)
            let step = rewrite()
            if step == .damaged { outcome = .failed(.damaged) }
            release(emit)
        case .skipped: emit(chunk)
        case .failed: break
        }
    }

    /// Takes the end of the compressed body.
    mutating func finish(emit: (UnsafeRawBufferPointer) -> Void) {
        switch outcome {
        case .undecided:
            // The stream has not come to its end.
            outcome = .skipped(reader.input.count == 0 ? .empty : .undecodable)
            settle(emit)
        case .injected:
            if !isOver { outcome = .failed(.truncated) }
        case .skipped, .failed: break
        }
    }

    /// Acts on the search's result.
    private mutating func settle(_ emit: (UnsafeRawBufferPointer) -> Void) {
        // Nothing has come out so far: what proves to be damaged now can still be passed on untouched.
        if outcome == .injected, rewrite() == .damaged { outcome = .skipped(.undecodable) }
        switch outcome {
        case .injected: release(emit)
        case .skipped:
            if reader.input.count > 0 {
                emit(UnsafeRawBufferPointer(start: reader.input.bytes, count: reader.input.count))
            }
            reader.input.removeFirst(reader.input.count)
            decoded = []
        case .undecided, .failed: break
        }
    }

    private mutating func release(_ emit: (UnsafeRawBufferPointer) -> Void) {
        if writer.count > 0 { emit(writer.written) }
        writer.removeAll()
        reader.dropRead()
        runStart = reader.bit
    }
}
