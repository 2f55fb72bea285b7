import FuzzSupport
import HTTPWire
import NIOCore

/// Sends a head on as the proxy does, and checks that every recipient understands what was understood here.
func checkForwarded(_ original: ResponseHead) {
    original.removeHopByHop()
    let bytes = written(original)
    guard let strict = StrictHead(bytes), let framing = strict.framing else {
        fatalError("ambiguous: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    let line = String(decoding: strict.startLine, as: UTF8.self)
    check(line.hasPrefix("HTTP/1.1 \(original.status)"), "the status line: \(line)")
    switch original.bodyFraming(for: .get) {
    case .chunked: check(framing.isChunked, "chunked no more")
    case .length(let length): checkEqual(framing.length, length, "the length")
    case .untilClose: check(framing.length == nil && !framing.isChunked, "a length from nowhere")
    case .none:
        let hasFraming = framing.length != nil || framing.isChunked
        check(original.status == 304 || !hasFraming, "a body that cannot be")
    }
    checkEqual(original.bodyFraming(for: .head), .none, "the body after HEAD")
    for name in ["connection", "keep-alive", "proxy-connection", "proxy-authenticate"] {
        check(strict.values(name).isEmpty, "\(name) was sent on")
    }
    check(original.upgrade || strict.values("upgrade").isEmpty, "upgrade was sent on")
    checkParsedAgain(bytes, as: original)
}

/// What was sent on means here what the original meant, and is sent on as it is.
private func checkParsedAgain(_ bytes: [UInt8], as original: ResponseHead) {
    var buffer = ByteBuffer(bytes: bytes)
    var parser = ResponseHeadParser(limits: HeadLimits(maxBytes: .max, maxFields: .max, maxLine: .max))
    let again = ResponseHead()
    do throws(HTTPWireError) {
        check(try parser.parse(&buffer, into: again), "incomplete")
    } catch {
        fatalError("\(error): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    checkEqual(buffer.readableBytes, 0, "what is left over")
    checkEqual(again.status, original.status, "the status")
    checkEqual(again.string(again.reason), original.string(original.reason), "the reason")
    for method in [Method.get, .head, .connect] {
        checkEqual(again.bodyFraming(for: method), original.bodyFraming(for: method), "the framing for \(method)")
    }
    check(again.keepAlive && !again.upgrade, "the flags")
    checkEqual(written(again), bytes, "what is sent on again")
}

private func written(_ head: ResponseHead) -> [UInt8] {
    var buffer = ByteBuffer()
    head.writeHead(into: &buffer)
    buffer.writeString("\r\n")
    return Array(buffer.readableBytesView)
}
