internal import Configuration
internal import HTTPWire
internal import NIOCore

/// `Server-Timing` (W3C): how long the phases of a request took, for those who run the site.
///
/// Told to who asks for it with `X-Tombolo-Timing: 1` from an address of `trusted_proxies` and does not speak for somebody
/// else: a field that says so (`X-Forwarded-For` and its like) makes the request a visitor's, whom the times are no
/// business of. What carries them is stored nowhere, so that they reach nobody from a cache.
enum ServerTiming {
    /// The request field that asks for it. No upstream sees it.
    static let question = "X-Tombolo-Timing"
    private static let folded = FoldedName(question)

    /// Whether this request is to be timed. Costs strangers nothing.
    static func isWanted(_ x: Exchange, isTrusted: Bool) -> Bool {
        guard isTrusted, let field = x.requestHead.first(foldingTo: folded), x.requestHead.equals(field, "1") else {
            return false
        }
        let speakers: [FieldName] = [
            .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwarded, .forwarded, .xRealIP, .via,
        ]
        return speakers.allSatisfy { x.requestHead.first($0) == nil }
    }

    /// Adds the field to an answer of the upstream, or to the page that tells that there is none.
    static func write(_ x: Exchange, now: NIODeadline) {
        guard let routed = x.times.routedAt else { return }
        x.responseLines.writeStaticString("Server-Timing: route;dur=")
        x.responseLines.writeMilliseconds(routed - x.startedAt)
        x.responseLines.writeStaticString(", session;dur=")
        x.responseLines.writeMilliseconds((x.times.forwardedAt ?? now) - routed)
        if let forwarded = x.times.forwardedAt {
            x.responseLines.writeStaticString(", upstream;dur=")
            x.responseLines.writeMilliseconds((x.times.firstByteAt ?? now) - forwarded)
        }
        if let first = x.times.firstByteAt {
            x.responseLines.writeStaticString(", response;dur=")
            x.responseLines.writeMilliseconds(now - first)
        }
        x.responseLines.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    /// Appends a duration as milliseconds with three decimals: `1.042`.
    mutating func writeMilliseconds(_ time: TimeAmount) {
        let microseconds = max(0, time.nanoseconds / 1000)
        writeString(String(microseconds / 1000))
        let rest = microseconds % 1000
        writeStaticString(rest < 10 ? ".00" : rest < 100 ? ".0" : ".")
        writeString(String(rest))
    }
}
