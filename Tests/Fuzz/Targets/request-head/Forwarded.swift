import FuzzSupport
import HTTPWire
import NIOCore

/// Sends a head on as the proxy does, and checks that every recipient understands what was understood here.
func checkForwarded(_ original: RequestHead) {
    // Without a host (HTTP/1.0) there is no domain, and nothing is sent on; CONNECT is answered here.
    guard !original.host.isEmpty, original.knownMethod != .connect else { return }
    original.removeHopByHop()
    let bytes = written(original)
    guard let strict = StrictHead(bytes), let framing = strict.framing else {
        fatalError("ambiguous: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    checkEqual(strict.disguises, [], "names in disguise")
    checkEqual(
        String(decoding: strict.startLine, as: UTF8.self),
        "\(original.string(original.method)) \(target(of: original)) HTTP/1.1", "the request line")
    switch original.framing {
    case .chunked: check(framing.isChunked, "chunked no more")
    case .length(let length): checkEqual(framing.length, length, "the length")
    case .none: check(framing.length == nil && !framing.isChunked, "a body from nowhere")
    case .untilClose: check(false, "a request that ends with the connection")
    }
    checkEqual(
        strict.values("host").map { String(decoding: $0, as: UTF8.self).lowercased() },
        [original.string(original.host).lowercased()], "the host")
    for name in ["connection", "keep-alive", "proxy-connection", "http2-settings", "proxy-authorization"] {
        check(strict.values(name).isEmpty, "\(name) was sent on")
    }
    check(original.upgrade || strict.values("upgrade").isEmpty, "upgrade was sent on")
    checkParsedAgain(bytes, as: original)
}

/// What was sent on means here what the original meant, and is sent on as it is.
private func checkParsedAgain(_ bytes: [UInt8], as original: RequestHead) {
    var buffer = ByteBuffer(bytes: bytes)
    var parser = RequestHeadParser(limits: HeadLimits(maxBytes: .max, maxFields: .max, maxLine: .max))
    let again = RequestHead()
    do throws(HTTPWireError) {
        check(try parser.parse(&buffer, into: again), "incomplete")
    } catch {
        fatalError("\(error): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    checkEqual(buffer.readableBytes, 0, "what is left over")
    checkEqual(again.framing, original.framing, "the framing")
    checkEqual(again.string(again.target), target(of: original), "the target")
    checkEqual(again.string(again.hostName).lowercased(), original.string(original.hostName).lowercased(), "the name")
    checkEqual(again.hostPort, original.hostPort, "the port")
    check(again.keepAlive && !again.upgrade && !again.isAbsoluteForm && !again.hostIsFromTarget, "the flags")
    checkEqual(written(again), bytes, "what is sent on again")
}

private func written(_ head: RequestHead) -> [UInt8] {
    var buffer = ByteBuffer()
    head.writeHead(into: &buffer)
    buffer.writeString("\r\n")
    return Array(buffer.readableBytesView)
}

/// The target that an upstream should see (RFC 9112 §3.2.1, §3.2.4).
private func target(of head: RequestHead) -> String {
    guard head.isAbsoluteForm else { return head.string(head.target) }
    let target = head.string(head.target).drop { $0 != "/" }.dropFirst(2)
    guard let end = target.firstIndex(where: { $0 == "/" || $0 == "?" }) else {
        return head.knownMethod == .options ? "*" : "/"
    }
    return (target[end] == "?" ? "/" : "") + target[end...]
}
