internal import FuzzSupport
public import HTMLInjection
internal import NIOCore

/// Injects a tag into a compressed body, however it arrives, and checks against zlib that what comes out decodes to the
/// page with the tag; or is the body as it was; or ends in failure, and then for every recipient.
public func checkInjection(into body: [UInt8], as format: DeflateFormat, tag: [UInt8], needsMarker: Bool = false) {
    let original = Inflated(body, as: format)
    let expected = Expectation(body, original, format, tag, needsMarker: needsMarker)
    var first: Result?
    // A large body byte by byte takes too long, and shows nothing new.
    for cutting in Cutting.allCases where cutting != .byteByByte || body.count < 4096 {
        let result = body.withUnsafeBytes { inject($0, cutting, format, tag, needsMarker: needsMarker) }
        expected.check(result)
        // What becomes of a broken body depends on how much had been sent when that was noticed.
        guard original.end == .complete else { continue }
        if let first { checkEqual(result, first, "\(cutting)") }
        first = result
    }
}

/// What comes out.
private struct Result: Equatable {
    var body: [UInt8]
    var outcome: InjectionOutcome
}

private func inject(
    _ body: UnsafeRawBufferPointer, _ cutting: Cutting, _ format: DeflateFormat, _ tag: [UInt8], needsMarker: Bool
) -> Result {
    let injector = DeflateInjector(
        tag: ByteBuffer(bytes: tag), format: format, requiresDocumentMarker: needsMarker)
    var result = Result(body: [], outcome: .undecided)
    var out: [ByteBuffer] = []
    func take() {
        if injector.length == .undecided { check(out.isEmpty, "something came out before the decision") }
        for piece in out { result.body += piece.readableBytesView }
        out.removeAll(keepingCapacity: true)
    }
    cutting.forEachPiece(of: body) { piece in
        injector.push(ByteBuffer(bytes: piece), into: &out)
        take()
    }
    injector.finish(into: &out)
    take()
    result.outcome = injector.outcome
    if case .exact(let growth) = injector.length {
        checkEqual(result.body.count - body.count, growth, "the length")
    }
    return result
}

/// What must come out.
private struct Expectation {
    let body: [UInt8]
    let original: Inflated
    let format: DeflateFormat
    let place: InsertionPointFinder.Progress
    let page: [UInt8]

    init(_ body: [UInt8], _ original: Inflated, _ format: DeflateFormat, _ tag: [UInt8], needsMarker: Bool) {
        self.body = body
        self.original = original
        self.format = format
        var finder = InsertionPointFinder(requiresDocumentMarker: needsMarker)
        _ = original.bytes.withUnsafeBytes { finder.scan($0) }
        // A page may be over where its body is not: then only the checksum is wrong, or missing.
        place = finder.finish()
        if case .insert(at: let point) = place {
            page = original.bytes[..<point] + tag + original.bytes[point...]
        } else {
            page = original.bytes
        }
    }

    func check(_ result: Result) {
        let decoded = Inflated(result.body, as: format)
        switch result.outcome {
        case .undecided: FuzzSupport.check(false, "undecided at the end")
        case .skipped(let reason):
            checkEqual(result.body, body, "a body that is skipped")
            if original.end == .complete { checkReason(reason) }
        case .injected:
            checkEqual(decoded.end, original.end, "the end")
            FuzzSupport.check(original.end != .incomplete, "the end did not come")
            // zlib shows nothing of a page whose header has a wrong checksum of its own.
            guard original.end == .complete || !original.bytes.isEmpty else { return }
            checkEqual(decoded.bytes, page, "the page")
            guard original.end == .complete else { return }
            checkEqual(result.body[decoded.consumed...], body[original.consumed...], "what follows the body")
        case .failed(let failure):
            FuzzSupport.check(original.end != .complete, "failed: \(failure)")
            FuzzSupport.check(decoded.end != .complete, "a broken page that looks whole")
            guard !original.bytes.isEmpty else { return }
            FuzzSupport.check(page.starts(with: decoded.bytes), "a part of another page")
        }
    }

    /// Why a body that is whole may be skipped.
    private func checkReason(_ reason: InjectionSkip) {
        let limits = DecodingLimits()
        switch reason {
        case .compressionRatio: FuzzSupport.check(original.bytes.count > limits.decodedPrefix / 4, "a high ratio")
        case .prefixTooLong where body.count > limits.heldBytes: break
        default: checkEqual(place, .skip(reason), "why it is skipped")
        }
    }
}
