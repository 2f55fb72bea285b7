internal import CrossDomain
internal import HTTPWire
internal import NIOCore

/// The fields that tell an upstream who really asked: `X-Forwarded-*`, `X-Request-Id`, `traceparent`.
///
/// A client's own values count only from a trusted address; from any other they are replaced, not appended to, so that
/// the first element of `X-Forwarded-For` is always the client and always the same (Flask-Login binds logins to it).
/// `Forwarded` is understood and never sent on: an upstream that reads both can thus not be told two different things.
struct ForwardingFields {
    /// The client's address as text, without port.
    let clientIP: String
    /// Whether the peer may speak for clients; asked anew for every request, since the configuration may change.
    var isTrusted = false
    private var ids: RequestIDs

    /// - Parameter clientAddress: a Unix socket's clients are on this machine.
    init(clientAddress: SocketAddress?) {
        clientIP = clientAddress?.ipAddress ?? "127.0.0.1"
        ids = RequestIDs()
    }

    /// What the peer says of the browser; nothing if it may not speak for any.
    func told(_ x: Exchange, by routes: Routes) -> ToldClient {
        isTrusted ? ToldClient(x.requestHead, isTrusted: routes.trusts) : ToldClient()
    }

    /// Takes the client's forwarding fields out and writes Tombolo's.
    mutating func write(_ x: Exchange, _ told: ToldClient, scheme: String) {
        removeGiven(x)

        x.requestLines.writeStaticString("X-Forwarded-For: ")
        if let path = told.path {
            x.requestLines.writeString(path)
            x.requestLines.writeStaticString(", ")
        }
        x.requestLines.writeString(clientIP)
        x.requestLines.writeStaticString("\r\nX-Forwarded-Proto: ")
        x.requestLines.writeString(scheme)
        x.requestLines.writeStaticString("\r\nX-Forwarded-Host: ")
        if let host = told.host {
            x.requestLines.writeString(host)
        } else {
            x.requestHead.withBytes(x.requestHead.host) { _ = x.requestLines.writeBytes($0) }
        }
        x.requestLines.writeStaticString("\r\n")
        writeIDs(x)
    }

    private mutating func writeIDs(_ x: Exchange) {
        if let field = x.requestHead.first(.xRequestID), x.requestHead.count(.xRequestID) == 1,
            x.requestHead.withValue(of: field, RequestIDs.isValidRequestID)
        {
            x.requestID = x.requestHead.string(field.value)
        } else {
            let id = ids.next(digits: 32)
            x.requestHead.removeAll(.xRequestID)
            x.requestID = id
            x.requestLines.writeStaticString("X-Request-Id: ")
            x.requestLines.writeString(id)
            x.requestLines.writeStaticString("\r\n")
        }
        if let field = x.requestHead.first(.traceparent), x.requestHead.count(.traceparent) == 1,
            let id = x.requestHead.withValue(of: field, { TraceContext.traceID(in: $0) })
        {
            let start = field.value.lowerBound + id.lowerBound
            x.traceID = .received(start..<start + id.count)
            return
        }
        x.requestHead.removeAll(.traceparent)
        x.requestHead.removeAll(.tracestate)
        x.requestLines.writeStaticString("traceparent: 00-")
        let start = x.requestLines.writerIndex
        ids.write(digits: 32, into: &x.requestLines)
        x.traceID = .begun(start..<x.requestLines.writerIndex)
        x.requestLines.writeStaticString("-")
        ids.write(digits: 16, into: &x.requestLines)
        x.requestLines.writeStaticString("-00\r\n")
    }

    /// In one pass; other spellings of these names were taken out when the head was parsed.
    private func removeGiven(_ x: Exchange) {
        for (index, field) in x.requestHead.fields.enumerated() {
            switch field.known {
            case .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwarded, .forwarded, .xRealIP:
                x.requestHead.remove(at: index)
            default: continue
            }
        }
    }
}

/// Ids of requests and traces. They tell requests apart and are no secret, so a fast generator per connection, seeded by
/// the system's, is enough and saves a system call for each.
struct RequestIDs {
    private var state: UInt64

    init() {
        var system = SystemRandomNumberGenerator()
        state = system.next()
    }

    /// `digits` (16 or 32) lower-case hex digits, never all zero (W3C Trace Context §3.2.2.3).
    mutating func next(digits: Int) -> String {
        var buffer = ByteBuffer()
        write(digits: digits, into: &buffer)
        return String(buffer: buffer)
    }

    /// Appends what ``next(digits:)`` returns.
    mutating func write(digits: Int, into buffer: inout ByteBuffer) {
        for _ in 0..<digits / 16 {
            let word = nextWord() | 1
            buffer.writeInteger(Self.hex(UInt32(truncatingIfNeeded: word >> 32)))
            buffer.writeInteger(Self.hex(UInt32(truncatingIfNeeded: word)))
        }
    }

    /// The eight hex digits of `value` as bytes in network order, computed in one register: the nibbles are spread to a
    /// byte each, and those above 9 get the distance from `9` to `a` added.
    private static func hex(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    private mutating func nextWord() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// 1 to 128 visible characters that are safe in a log line and a header.
    static func isValidRequestID(_ bytes: UnsafeRawBufferPointer) -> Bool {
        (1...128).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"): true
                case UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"): true
                default: false
                }
            }
    }
}
