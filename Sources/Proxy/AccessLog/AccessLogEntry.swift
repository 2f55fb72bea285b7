internal import HTTPWire
internal import NIOCore

/// What is logged of a request, written straight into the buffer of its event loop.
///
/// Whatever a client has sent is escaped byte by byte, so that a line stays a line. Cookies, handles and the ids of
/// sessions are not logged at all: the request's id leads to the lines of an app that logs `X-Session-Id`. Tickets in
/// addresses are masked.
struct AccessLogEntry {
    let x: Exchange
    let outcome: Outcome
    /// The address of the peer.
    let client: String
    /// The pattern of the domain list; nil if there is none.
    let domain: String?
    let ticketParameters: [[UInt8]]

    /// The client: whom a trusted proxy speaks for, else the peer.
    private var clientAddress: String { x.clientName ?? client }

    /// As Apache writes it, the version of HTTP/2 included.
    private var protocolName: String {
        if x.isHTTP2 { return "HTTP/2.0" }
        return x.requestHead.version == .http11 ? "HTTP/1.1" : "HTTP/1.0"
    }

    // MARK: JSON

    /// Appends one JSON object and a line end.
    func writeJSON(at time: LogClock.Time, clock: inout LogClock, into out: inout ByteBuffer) {
        out.writeStaticString("{\"time\":\"")
        clock.writeRFC3339(time, into: &out)
        out.writeStaticString("\"")
        out.writeMember("client", clientAddress)
        if let domain { out.writeMember("domain", domain) }
        if x.hasHead { writeRequest(into: &out) }
        out.writeMember("status", outcome.status)
        out.writeMember("bytes_in", outcome.bytesIn)
        out.writeMember("bytes_out", outcome.bytesOut)
        out.writeStaticString(",\"duration_ms\":")
        out.writeMilliseconds(outcome.duration)
        if x.times.forwardedAt != nil { writeUpstream(into: &out) }
        x.requestIDPlace?.withBytes(in: x) { out.writeMember("request_id", $0) }
        x.traceID?.withBytes(in: x) { out.writeMember("trace_id", $0) }
        if outcome.fault != .none {
            out.writeMember("phase", x.phase.rawValue)
            out.writeMember("fault", outcome.fault.rawValue)
            if let reason = outcome.reason { out.writeMember("reason", reason) }
        }
        if let version = x.tlsVersion { out.writeMember("tls", version) }
        if let name = x.serverName { out.writeMember("server_name", name) }
        if x.hasHead {
            writeField(.userAgent, "user_agent", into: &out)
            writeField(.referer, "referer", into: &out)
        }
        out.writeStaticString("}\n")
    }

    private func writeRequest(into out: inout ByteBuffer) {
        let head = x.requestHead
        head.withBytes(head.host) { out.writeMember("host", $0) }
        head.withBytes(head.method) { out.writeMember("method", $0) }
        out.writeStaticString(",\"target\":\"")
        head.withBytes(head.target) { target in
            TicketMask.forEachPiece(of: target, parameters: ticketParameters) { out.writeEscapedJSON($0) }
        }
        out.writeStaticString("\"")
        out.writeMember("protocol", protocolName)
    }

    private func writeUpstream(into out: inout ByteBuffer) {
        if let upstream = x.upstream {
            out.writeMember("upstream", x.upstreamSocket?.text ?? "\(upstream)")
        }
        if let time = x.times.toFirstByte {
            out.writeStaticString(",\"upstream_first_byte_ms\":")
            out.writeMilliseconds(time)
        }
        out.writeStaticString(x.times.isReused ? ",\"upstream_reused\":true" : ",\"upstream_reused\":false")
    }

    private func writeField(_ name: FieldName, _ key: StaticString, into out: inout ByteBuffer) {
        guard let field = x.requestHead.first(name) else { return }
        out.writeStaticString(",\"")
        out.writeStaticString(key)
        out.writeStaticString("\":\"")
        x.requestHead.withValue(of: field) { value in
            TicketMask.forEachPiece(of: value, parameters: ticketParameters) { out.writeEscapedJSON($0) }
        }
        out.writeStaticString("\"")
    }

    // MARK: combined

    /// Appends a line of Apache's combined format: `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`.
    func writeCombined(at time: LogClock.Time, clock: inout LogClock, into out: inout ByteBuffer) {
        out.writeEscapedCombined(clientAddress)
        out.writeStaticString(" - - ")
        clock.writeCommon(time, into: &out)
        out.writeStaticString(" \"")
        if x.hasHead {
            let head = x.requestHead
            head.withBytes(head.method) { out.writeEscapedCombined($0) }
            out.writeStaticString(" ")
            head.withBytes(head.target) { target in
                TicketMask.forEachPiece(of: target, parameters: ticketParameters) { out.writeEscapedCombined($0) }
            }
            out.writeStaticString(" ")
            out.writeString(protocolName)
        } else {
            out.writeStaticString("-")
        }
        out.writeStaticString("\" ")
        // Apache has no 0; nginx writes 499 for a client that has gone before there was an answer.
        out.writeString(String(outcome.status == 0 ? 499 : outcome.status))
        out.writeStaticString(" ")
        if outcome.bytesOut > 0 { out.writeString(String(outcome.bytesOut)) } else { out.writeStaticString("-") }
        for name in [FieldName.referer, .userAgent] {
            out.writeStaticString(" \"")
            writeCombinedField(name, into: &out)
            out.writeStaticString("\"")
        }
        out.writeStaticString("\n")
    }

    private func writeCombinedField(_ name: FieldName, into out: inout ByteBuffer) {
        guard x.hasHead, let field = x.requestHead.first(name), !field.value.isEmpty else {
            return out.writeStaticStringDiscarding("-")
        }
        x.requestHead.withValue(of: field) { value in
            TicketMask.forEachPiece(of: value, parameters: ticketParameters) { out.writeEscapedCombined($0) }
        }
    }
}

extension SocketAddress {
    /// `192.0.2.1:80`, `[2001:db8::1]:80` or `unix:/path`.
    fileprivate var text: String {
        switch self {
        case .v4: "\(ipAddress ?? ""):\(port ?? 0)"
        case .v6: "[\(ipAddress ?? "")]:\(port ?? 0)"
        case .unixDomainSocket: "unix:\(pathname ?? "")"
        }
    }
}
