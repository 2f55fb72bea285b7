import FuzzHeads
import HTTPWire
import NIOCore

// Response heads, interim ones included, one after another: what is made of them may not depend on how they arrive, and
// what the client gets ends for every recipient where it ends here.

/// What a head is worth to the phases behind the parser.
struct Facts: Equatable {
    let bytes: ByteBuffer
    let fields: [Field]
    let version: HTTPVersion
    let status: Int
    let reason: Range<Int>
    let framing: BodyFraming
    let flags: [Bool]

    init(_ head: ResponseHead) {
        bytes = head.bytes
        fields = head.fields
        version = head.version
        status = head.status
        reason = head.reason
        framing = head.framing
        flags = [head.keepAlive, head.upgrade]
    }
}

fuzzHeads { limits in
    var parser = ResponseHeadParser(limits: limits)
    let head = ResponseHead()
    return { buffer throws(HTTPWireError) in try parser.parse(&buffer, into: head) ? head : nil }
} facts: { (head: ResponseHead) in
    Facts(head)
} checkForwarded: {
    checkForwarded($0)
}
