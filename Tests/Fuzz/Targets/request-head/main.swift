import FuzzSupport
import HTTPWire
import NIOCore

// Request heads, one after another as on a connection: what is made of them may not depend on how they arrive, and what
// is sent on can be understood in one way only, which is the way it was understood here.

/// What a head is worth to the phases behind the parser.
struct Facts: Equatable {
    let bytes: ByteBuffer
    let fields: [Field]
    let version: HTTPVersion
    let method: Method
    let ranges: [Range<Int>?]
    let port: UInt16?
    let framing: BodyFraming
    let flags: [Bool]

    init(_ head: RequestHead) {
        bytes = head.bytes
        fields = head.fields
        version = head.version
        method = head.knownMethod
        ranges = [head.method, head.target, head.path, head.query, head.host, head.hostName]
        port = head.hostPort
        framing = head.framing
        flags = [head.isAbsoluteForm, head.hostIsFromTarget, head.keepAlive, head.expectsContinue, head.upgrade]
    }
}

/// What came of a connection's bytes.
struct Outcome: Equatable {
    var heads: [Facts] = []
    var failure: HTTPWireError?
    var left = 0
}

func parse(_ input: UnsafeRawBufferPointer, _ cutting: Cutting, _ limits: HeadLimits) -> (Outcome, [RequestHead]) {
    var parser = RequestHeadParser(limits: limits)
    let head = RequestHead()
    var buffer = ByteBuffer()
    var outcome = Outcome()
    var heads: [RequestHead] = []
    cutting.forEachPiece(of: input) { piece in
        guard outcome.failure == nil else { return }
        buffer.writeBytes(piece)
        do throws(HTTPWireError) {
            while try parser.parse(&buffer, into: head) {
                outcome.heads.append(Facts(head))
                heads.append(head)
            }
            outcome.left = buffer.readableBytes
        } catch {
            outcome.failure = error
            outcome.left = 0
        }
    }
    return (outcome, heads)
}

fuzz { input in
    var random = InputRandom(input)
    var tight = HeadLimits()
    tight.maxBytes = Int.random(in: 0...max(1, input.count), using: &random)
    tight.maxLine = Int.random(in: 0...max(1, tight.maxBytes), using: &random)
    tight.maxFields = Int.random(in: 0...4, using: &random)
    for limits in [HeadLimits(), tight] {
        let (outcome, heads) = parse(input, .whole, limits)
        checkEqual(parse(input, .byteByByte, limits).0, outcome, "byte by byte")
        checkEqual(parse(input, .irregular, limits).0, outcome, "in pieces")
        for head in heads {
            check(head.bytes.readableBytes <= limits.maxBytes, "longer than the limit")
            checkForwarded(head)
        }
    }
}
