import FuzzHeads
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

fuzzHeads { limits in
    var parser = RequestHeadParser(limits: limits)
    let head = RequestHead()
    return { buffer throws(HTTPWireError) in try parser.parse(&buffer, into: head) ? head : nil }
} facts: { (head: RequestHead) in
    Facts(head)
} checkForwarded: {
    checkForwarded($0)
}
