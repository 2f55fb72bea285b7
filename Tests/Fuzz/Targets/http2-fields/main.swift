import FuzzSupport
import HTTPWire
import NIOCore

// The fields of an HTTP/2 request. Whatever is accepted is sent upstream as exactly one HTTP/1.1 request that says the same:
// no field of an attacker's can end a line, add one, or frame a body.

/// An input: a byte of flags, then fields, `0xFE` between name and value and `0xFF` between two of them.
struct Request {
    let endsStream: Bool
    var fields: [(name: [UInt8], value: [UInt8])] = []

    init(_ input: UnsafeRawBufferPointer) {
        endsStream = (input.first ?? 0) & 1 == 1
        for part in input.dropFirst().split(separator: 0xFF) {
            let end = part.firstIndex(of: 0xFE) ?? part.endIndex
            fields.append((Array(part[..<end]), Array(part[end...].dropFirst())))
        }
    }

    /// The values of the fields with that name.
    func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name == Array(name.utf8) }.map(\.value) }
}

/// The head that the fields make; nil if they are refused.
func head(of request: Request, _ limits: HeadLimits) -> RequestHead? {
    var mapping = HTTP2RequestFields(limits: limits)
    let head = RequestHead()
    do {
        for field in request.fields {
            try field.name.withUnsafeBytes { name in
                try field.value.withUnsafeBytes { value in try mapping.add(name: name, value: value) }
            }
        }
        try mapping.finish(
            endsStream: request.endsStream, webSocketKey: { ByteBuffer(string: "a2V5") }, into: head)
    } catch {
        return nil
    }
    return head
}

/// As the proxy sends it on.
func written(_ head: RequestHead) -> [UInt8] {
    head.removeHopByHop()
    var buffer = ByteBuffer()
    head.writeHead(into: &buffer)
    buffer.writeString("\r\n")
    return Array(buffer.readableBytesView)
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func checkMessage(_ request: Request, _ original: RequestHead) {
    let bytes = written(original)
    guard let strict = StrictHead(bytes), let framing = strict.framing else {
        fatalError("ambiguous: \(text(bytes).debugDescription)")
    }
    checkEqual(strict.disguises, [], "names in disguise")
    let isTunnel = !request.values(":protocol").isEmpty
    if !isTunnel { checkEqual([original.string(original.method)], request.values(":method").map(text), "the method") }
    guard original.knownMethod != .connect else { return }
    let method = isTunnel ? "GET" : request.values(":method").map(text).first ?? ""
    checkEqual(text(strict.startLine), "\(method) \(text(request.values(":path").first ?? [])) HTTP/1.1", "the line")

    let hosts = request.values(":authority") + request.values("host")
    checkEqual(strict.values("host").count, 1, "the number of hosts")
    for host in hosts {
        checkEqual(strict.values("host").map { text($0).lowercased() }, [text(host).lowercased()], "the host")
    }

    let length = request.values("content-length").first.flatMap { Int(text($0)) }
    checkEqual(framing.length, length, "the length")
    checkEqual(framing.isChunked, !request.endsStream && length == nil && !isTunnel, "chunked")
    if request.endsStream { check((framing.length ?? 0) == 0, "a body that never comes") }

    checkEqual(strict.values("upgrade").map(text), isTunnel ? ["websocket"] : [], "upgrade")
    check(strict.values("connection").isEmpty, "connection was sent on")
    let cookies = request.values("cookie").filter { !$0.isEmpty }
    checkEqual(
        strict.values("cookie").map(text), cookies.isEmpty ? [] : [cookies.map(text).joined(separator: "; ")],
        "the cookies")
    checkNothingElse(request, strict)
}

/// Every other field that is sent on has come, and none has come twice of one.
func checkNothingElse(_ request: Request, _ strict: StrictHead) {
    let own = ["host", "cookie", "transfer-encoding", "upgrade", "sec-websocket-key", "connection"]
    var left = request.fields.map { (text($0.name), text($0.value)) }
    for field in strict.fields where !own.contains(field.name) {
        guard let index = left.firstIndex(where: { $0.0 == field.name && $0.1 == text(field.value) }) else {
            fatalError("a field from nowhere: \(field.name): \(text(field.value).debugDescription)")
        }
        left.remove(at: index)
    }
}

fuzz { input in
    let request = Request(input)
    if let head = head(of: request, HeadLimits()) { checkMessage(request, head) }
    var tight = HeadLimits()
    tight.maxBytes = 128
    tight.maxFields = 3
    tight.maxLine = 64
    if let head = head(of: request, tight) {
        check(head.bytes.readableBytes <= 128, "longer than the limit")
        checkMessage(request, head)
    }

    var trailers = HTTP2Trailers()
    do {
        for field in request.fields {
            try field.name.withUnsafeBytes { name in
                try field.value.withUnsafeBytes { value in try trailers.add(name: name, value: value) }
            }
        }
        let lines = try trailers.finish()
        guard let strict = StrictHead(Array("x\r\n".utf8) + Array(lines.readableBytesView) + Array("\r\n".utf8)) else {
            fatalError("ambiguous trailers")
        }
        check(strict.fields.count <= request.fields.count, "trailers from nowhere")
        let framing = strict.values("content-length") + strict.values("transfer-encoding")
        check(framing.isEmpty, "framing in trailers")
    } catch {
        return
    }
}
