public import FuzzSupport
public import HTTPWire
public import NIOCore

/// Takes the next head out of what has arrived; nil as long as it is not complete. It may be the same object every time, as it
/// is on a connection, where nothing of the message before may be left in it.
public typealias HeadSource<Head> = (inout ByteBuffer) throws(HTTPWireError) -> Head?

/// Hands the process over to libFuzzer with heads, one after another as on a connection: what is made of them may not
/// depend on how they arrive. Inlinable, so that it is specialized: that makes a third more executions.
///
/// - Parameters:
///   - makeParser: begins a connection with these limits.
///   - facts: what a head is worth to the phases behind the parser.
///   - checkForwarded: checks what is sent on of a head, and may change it.
@inlinable
public func fuzzHeads<Head: MessageHead, Facts: Equatable>(
    _ makeParser: @escaping (HeadLimits) -> HeadSource<Head>, facts: @escaping (Head) -> Facts,
    checkForwarded: @escaping (Head) -> Void
) {
    fuzz { input in
        for limits in [HeadLimits(), tightLimits(input)] {
            let whole = Outcome(input, .whole, makeParser(limits)) { head in
                check(head.bytes.readableBytes <= limits.maxBytes, "longer than the limit")
                let seen = facts(head)
                checkForwarded(head)
                return seen
            }
            for cutting in [Cutting.byteByByte, .irregular] {
                let outcome = Outcome(input, cutting, makeParser(limits), facts)
                checkEqual(outcome.heads, whole.heads, "the heads, \(cutting)")
                checkEqual(outcome.failure, whole.failure, "the failure, \(cutting)")
                checkEqual(outcome.left, whole.left, "what is left, \(cutting)")
            }
        }
    }
}

/// What came of a connection's bytes.
@usableFromInline
struct Outcome<Facts> {
    @usableFromInline var heads: [Facts] = []
    @usableFromInline var failure: HTTPWireError?
    @usableFromInline var left = 0

    @inlinable
    init<Head>(
        _ input: UnsafeRawBufferPointer, _ cutting: Cutting, _ next: HeadSource<Head>, _ facts: (Head) -> Facts
    ) {
        var buffer = ByteBuffer()
        cutting.forEachPiece(of: input) { piece in
            guard failure == nil else { return }
            buffer.writeBytes(piece)
            do throws(HTTPWireError) {
                while let head = try next(&buffer) { heads.append(facts(head)) }
                left = buffer.readableBytes
            } catch {
                failure = error
                left = 0
            }
        }
    }
}

/// Limits that an input has a chance to run into.
@usableFromInline
func tightLimits(_ input: UnsafeRawBufferPointer) -> HeadLimits {
    var random = InputRandom(input)
    var limits = HeadLimits()
    limits.maxBytes = Int.random(in: 0...max(1, input.count), using: &random)
    limits.maxLine = Int.random(in: 0...max(1, limits.maxBytes), using: &random)
    limits.maxFields = Int.random(in: 0...4, using: &random)
    return limits
}
