import FuzzSupport
import HTMLInjection
import NIOCore

// Where the tag goes into a page: the finder must answer what the naive reading of the standard answers, wherever the
// page is cut and wherever the limit is, and the injector must change nothing but that place.

let tag = ByteBuffer(string: "<script></script>")

/// What the finder says of a page that arrives so.
func find(_ input: UnsafeRawBufferPointer, _ cutting: Cutting, needsMarker: Bool, limit: Int) -> FinderAnswer {
    var finder = InsertionPointFinder(requiresDocumentMarker: needsMarker, limit: limit)
    var known = FinderAnswer.needMore
    cutting.forEachPiece(of: input) { piece in
        let progress = finder.scan(piece)
        check(known == .needMore || known == progress, "changed its mind from \(known) to \(progress)")
        known = progress
    }
    let last = finder.finish()
    check(known == .needMore || known == last, "changed its mind from \(known) to \(last)")
    check(last != .needMore, "needs more than everything")
    check(finder.offset <= min(limit, input.count), "looked at \(finder.offset) bytes")
    return last
}

/// What comes out of the injector, in one piece.
func inject(_ input: UnsafeRawBufferPointer, _ cutting: Cutting, needsMarker: Bool) -> (ByteBuffer, InjectionOutcome) {
    let injector = IdentityInjector(tag: tag, requiresDocumentMarker: needsMarker)
    var out: [ByteBuffer] = []
    cutting.forEachPiece(of: input) { injector.push(ByteBuffer(bytes: $0), into: &out) }
    injector.finish(into: &out)
    var whole = ByteBuffer()
    for piece in out { whole.writeImmutableBuffer(piece) }
    checkEqual(injector.length, .exact(whole.readableBytes - input.count), "the length")
    return (whole, injector.outcome)
}

fuzz { input in
    var random = InputRandom(input)
    let tight = Int.random(in: 0...input.count, using: &random)
    for needsMarker in [false, true] {
        let reference = ReferenceFinder.find(in: input, needsMarker: needsMarker)
        for cutting in Cutting.allCases {
            for limit in [64 * 1024, tight] {
                checkEqual(
                    find(input, cutting, needsMarker: needsMarker, limit: limit), reference.answer(within: limit),
                    "\(cutting), needs marker: \(needsMarker), limit \(limit)")
            }
        }
        let (page, outcome) = inject(input, .irregular, needsMarker: needsMarker)
        var expected = ByteBuffer(bytes: input)
        switch reference.answer(within: 64 * 1024) {
        case .insert(at: let point):
            checkEqual(outcome, .injected, "the outcome")
            expected = ByteBuffer(bytes: input[..<point])
            expected.writeImmutableBuffer(tag)
            expected.writeBytes(input[point...])
        case .skip(let reason): checkEqual(outcome, .skipped(reason), "the outcome")
        case .needMore: check(false, "the reference needs more")
        }
        checkEqual(page, expected, "the page")
    }
}
