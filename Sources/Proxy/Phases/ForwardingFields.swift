internal import CrossDomain
internal import HTTPWire
internal import NIOCore

/// The fields that tell an upstream who really asked: `X-Forwarded-*`, `X-Request-Id`, `traceparent`.
///
/// A client's own values count only from a trusted address; from any other they are replaced, not appended to, so that
/// the first element of `X-Forwarded-For` is always the client and always the same (Flask-Login binds logins to it).
/// `Forwarded` is understood and never sent on: an upstream that reads both can thus not be told two different things.
final class ForwardingFields {
    /// The client's address as text, without port.
    let clientIP: String
    /// Whether the peer may speak for clients; asked anew for every request, since the configuration may change.
    var isTrusted = false
    private var ids = RequestIDs()
    /// The lines for requests of whose sender nobody tells anything, and the domain that they were made for: nearly all of a
    /// connection's requests have the same.
    private var plain = ByteBuffer()
    private var plainDomain: AddressedDomain?

    /// - Parameter clientAddress: a Unix socket's clients are on this machine.
    init(clientAddress: SocketAddress?) { clientIP = clientAddress?.ipAddress ?? "127.0.0.1" }

    /// What the peer says of the browser; nil if it may not speak for any.
    func told(_ x: Exchange, by routes: Routes) -> ToldClient? {
        isTrusted ? ToldClient(x.requestHead, isTrusted: routes.trusts) : nil
    }

    /// Takes the client's forwarding fields out and writes Tombolo's.
    func write(_ x: Exchange, _ told: ToldClient?, _ domain: AddressedDomain) {
        removeGiven(x)
        if let told {
            write(told, domain, into: &x.requestLines)
        } else {
            if plainDomain !== domain {
                plain.clear()
                write(nil, domain, into: &plain)
                plainDomain = domain
            }
            x.requestLines.writeImmutableBuffer(plain)
        }
        writeIDs(x)
    }

    private func write(_ told: ToldClient?, _ domain: AddressedDomain, into lines: inout ByteBuffer) {
        lines.writeStaticString("X-Forwarded-For: ")
        if let path = told?.path {
            lines.writeString(path)
            lines.writeStaticString(", ")
        }
        lines.writeString(clientIP)
        lines.writeStaticString("\r\nX-Forwarded-Proto: ")
        lines.writeString(domain.scheme)
        lines.writeStaticString("\r\nX-Forwarded-Host: ")
        if let host = told?.host { lines.writeString(host) } else { lines.writeBytes(domain.authority) }
        lines.writeStaticString("\r\n")
    }

    private func writeIDs(_ x: Exchange) {
        if let field = x.requestHead.first(.xRequestID), x.requestHead.count(.xRequestID) == 1,
            x.requestHead.withValue(of: field, RequestIDs.isValidRequestID)
        {
            x.requestIDPlace = .received(field.value)
        } else {
            x.requestHead.removeAll(.xRequestID)
            x.requestIDPlace = .begun(x.requestLines.write(Self.requestIDLine, with: ids.next(), ids.next()))
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
        let place = x.requestLines.write(Self.traceLine, with: ids.next(), ids.next())
        x.requestLines.setHex(ids.next(), at: place.upperBound + 1)
        x.traceID = .begun(place)
    }

    private static let requestIDLine = HexLine("X-Request-Id: ")
    private static let traceLine = HexLine("traceparent: 00-", "-0000000000000000-00")

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

    /// A word that is not zero: no id may be all zero (W3C Trace Context §3.2.2.3).
    mutating func next() -> UInt64 { nextWord() | 1 }

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
