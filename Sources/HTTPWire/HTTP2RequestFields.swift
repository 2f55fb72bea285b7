public import NIOCore

/// Turns the field section of an HTTP/2 request into the HTTP/1.1 head that means the same (RFC 9113 §8.3).
///
/// First what HTTP/2 forbids is refused, then the head is written down in HTTP/1.1 and read by ``RequestHeadParser``, so
/// that it has passed everything that a head from an HTTP/1.1 connection passes: there is no second, laxer way in. No
/// byte is written that could end a line or a word early, and the framing is written here and not by the client.
public struct HTTP2RequestFields {
    /// What RFC 9113 calls malformed: the stream is reset with `PROTOCOL_ERROR` (§8.1.1), and nothing is sent on.
    public enum Malformed: Error, Hashable, Sendable, CaseIterable {
        /// A pseudo-header field that requests do not have (§8.3).
        case unknownPseudoField
        /// A pseudo-header field twice (§8.3).
        case repeatedPseudoField
        /// A pseudo-header field behind a regular one (§8.3).
        case latePseudoField
        /// A pseudo-header field in a trailer section (§8.1).
        case pseudoFieldInTrailers
        /// One that the method requires is missing, or one is there that it does not allow (§8.3.1, §8.5, RFC 8441 §4).
        case wrongPseudoFields
        /// `:method` is no token.
        case badMethod
        /// `:path` does not begin with `/`, is not the `*` of OPTIONS, or has a byte that no target has (§8.3.1).
        case badPath
        /// `:authority` says something else than `Host` (§8.3.1).
        case differentHost
        /// A field name that is empty, has an upper-case letter or a byte that is no `tchar` (§8.2.1).
        case badFieldName
        /// A value with NUL, CR or LF in it, or white space at an end (§8.2.1).
        case badFieldValue
        /// `Connection` and its like, `Transfer-Encoding`, `Upgrade`, or `TE` with anything but `trailers` (§8.2.2).
        case connectionField
        /// `Content-Length` where the stream says that no body follows, or that one of another length does (§8.1.1).
        case wrongContentLength
    }

    private enum Pseudo: Int, CaseIterable {
        case method, scheme, authority, path, `protocol`
    }

    private let limits: HeadLimits
    private var pseudo = [Range<Int>?](repeating: nil, count: Pseudo.allCases.count)
    /// The values of the pseudo-header fields, one behind the other.
    private var values = ByteBuffer()
    /// The regular fields, written as lines.
    private var lines = ByteBuffer()
    private var cookies = ByteBuffer()
    private var sawRegular = false
    private var host: Range<Int>?
    private var statesLength = false

    /// - Parameter limits: what a head may cost: those of HTTP/1.1.
    public init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Begins anew, with another request's section. Memory that was taken is used again, but for that of an unusual one.
    public mutating func restart() {
        for index in pseudo.indices { pseudo[index] = nil }
        Self.clear(&values)
        Self.clear(&lines)
        Self.clear(&cookies)
        sawRegular = false
        host = nil
        statesLength = false
    }

    private static func clear(_ buffer: inout ByteBuffer) {
        if buffer.storageCapacity > largestKept { buffer = ByteBuffer() } else { buffer.clear() }
    }

    private static let largestKept = 16 * 1024

    // MARK: - Fields

    /// Takes the next field of the section, in the order of arrival.
    public mutating func add(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
    ) throws(Malformed) {
        guard FieldSectionRules.isValue(value) else { throw .badFieldValue }
        if name.first == ASCII.colon { return try addPseudo(name, value) }
        let known = FieldName(name)
        guard FieldSectionRules.isName(name, known) else { throw .badFieldName }
        sawRegular = true
        switch known {
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade: throw .connectionField
        case .te: guard value.equalsIgnoringCase("trailers") else { throw .connectionField }
        case .cookie: return addCookie(value)
        case .contentLength: statesLength = true
        case .host:
            guard host == nil else { throw .differentHost }
            host = append(value)
            return
        // The key of a WebSocket has no meaning here; the one that goes upstream is made here (RFC 8441 §5).
        case .secWebSocketKey: if self[.protocol] != nil { return }
        default: break
        }
        FieldSectionRules.write(name, value, into: &lines)
    }

    private mutating func addPseudo(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(Malformed) {
        guard !sawRegular else { throw .latePseudoField }
        let which: Pseudo
        switch name.count {
        case 5 where name.equals(":path"): which = .path
        case 7 where name.equals(":method"): which = .method
        case 7 where name.equals(":scheme"): which = .scheme
        case 9 where name.equals(":protocol"): which = .protocol
        case 10 where name.equals(":authority"): which = .authority
        default: throw .unknownPseudoField
        }
        guard self[which] == nil else { throw .repeatedPseudoField }
        pseudo[which.rawValue] = append(value)
    }

    /// A client may send its cookies one by one; HTTP/1.1 wants one line (§8.2.3).
    private mutating func addCookie(_ value: UnsafeRawBufferPointer) {
        guard !value.isEmpty else { return }
        cookies.writeStaticString(cookies.readableBytes == 0 ? "cookie: " : "; ")
        cookies.writeBytes(value)
    }

    private mutating func append(_ value: UnsafeRawBufferPointer) -> Range<Int> {
        let start = values.writerIndex
        values.writeBytes(value)
        return start..<values.writerIndex
    }

    private subscript(_ which: Pseudo) -> Range<Int>? { pseudo[which.rawValue] }

    // MARK: - The head

    /// Why no head came of a field section.
    public enum Refusal: Error, Hashable, Sendable {
        /// The stream is to be reset.
        case malformed(Malformed)
        /// The request is to be answered with the error's status.
        case wire(HTTPWireError)
    }

    /// Makes the head of what has been added.
    ///
    /// - Parameters:
    ///   - endsStream: whether the stream's sender is done, so that no body follows.
    ///   - webSocketKey: what a request for a WebSocket (RFC 8441) is to have as `Sec-WebSocket-Key` on its way upstream.
    ///   - head: receives the head; meaningless if this throws.
    /// - Throws: what is wrong with the section.
    public mutating func finish(
        endsStream: Bool, webSocketKey: () -> ByteBuffer = { ByteBuffer() }, into head: RequestHead
    ) throws(Refusal) {
        do {
            try checkPseudoFields(endsStream)
        } catch {
            throw .malformed(error)
        }
        var key: ByteBuffer?
        if let name = self[.protocol] {
            guard text(name, { $0.equalsIgnoringCase("websocket") }) else {
                // RFC 9220 §3 has 501 for it; RFC 8441 is silent.
                throw .wire(HTTPWireError(.unsupportedProtocol, sender: .client))
            }
            key = webSocketKey()
        }
        var bytes = written(endsStream, key)
        try parse(&bytes, into: head)
        if endsStream, case .length(let length) = head.framing, length > 0 {
            throw .malformed(.wrongContentLength)
        }
    }

    private var isConnect: Bool { self[.method].map { text($0) { $0.equals("CONNECT") } } ?? false }

    private func parse(_ bytes: inout ByteBuffer, into head: RequestHead) throws(Refusal) {
        var parser = RequestHeadParser(limits: limits)
        do throws(HTTPWireError) {
            guard try parser.parse(&bytes, into: head), bytes.readableBytes == 0 else {
                // Unreachable: an empty line is at the end of what was written, and nowhere else.
                throw HTTPWireError(.incompleteMessage, sender: .client)
            }
        } catch {
            throw .wire(error)
        }
        if let scheme = self[.scheme], text(scheme, { $0.equalsIgnoringCase("https") }) { head.isHTTPSTarget = true }
    }

    private func checkPseudoFields(_ endsStream: Bool) throws(Malformed) {
        guard let method = self[.method] else { throw .wrongPseudoFields }
        guard text(method, { !$0.isEmpty && $0.allSatisfy(ASCII.isTokenByte) }) else { throw .badMethod }
        if let host, let authority = self[.authority] {
            let isSame = text(host) { one in text(authority) { one.equalsIgnoringCase($0) } }
            guard isSame else { throw .differentHost }
        }
        if isConnect, self[.protocol] == nil {
            guard self[.scheme] == nil, self[.path] == nil, self[.authority] != nil else { throw .wrongPseudoFields }
            return
        }
        // An extended CONNECT is a CONNECT, has an authority, and its stream is the tunnel: no content, no length.
        if self[.protocol] != nil {
            guard isConnect, self[.authority] != nil else { throw .wrongPseudoFields }
            if statesLength { throw .wrongContentLength }
        }
        guard let path = self[.path], let scheme = self[.scheme], !scheme.isEmpty else { throw .wrongPseudoFields }
        let isAsterisk = text(path) { $0.equals("*") } && text(method) { $0.equals("OPTIONS") }
        let isOrigin = text(path) { $0.first == 0x2F && $0.isTarget(0..<$0.count) }
        guard isAsterisk || isOrigin else { throw .badPath }
    }

    private func written(_ endsStream: Bool, _ webSocketKey: ByteBuffer?) -> ByteBuffer {
        // The authority may be needed twice, as target and as host.
        let theirs = 2 * values.readableBytes + lines.readableBytes + cookies.readableBytes
        var bytes = ByteBuffer()
        bytes.write(atMost: theirs + (webSocketKey?.readableBytes ?? 0) + 160) { writer in
            writeHead(endsStream, webSocketKey, into: &writer)
        }
        return bytes
    }

    private func writeHead(_ endsStream: Bool, _ webSocketKey: ByteBuffer?, into writer: inout RawWriter) {
        if webSocketKey == nil { write(self[.method], into: &writer) } else { writer.write("GET") }
        writer.write(ASCII.space)
        let isTunnel = isConnect && webSocketKey == nil
        write(isTunnel ? self[.authority] : self[.path], into: &writer)
        writer.write(" HTTP/1.1\r\n")
        if let authority = self[.authority] ?? host {
            writer.write("host: ")
            write(authority, into: &writer)
            writer.write(ASCII.crlf)
        }
        if let webSocketKey {
            writer.write("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ")
            writer.write(webSocketKey)
            writer.write(ASCII.crlf)
        } else if !endsStream, !statesLength, !isTunnel {
            writer.write("transfer-encoding: chunked\r\n")
        }
        writer.write(lines)
        if cookies.readableBytes > 0 {
            writer.write(cookies)
            writer.write(ASCII.crlf)
        }
        writer.write(ASCII.crlf)
    }

    private func write(_ range: Range<Int>?, into writer: inout RawWriter) {
        guard let range else { return }
        values.withUnsafeReadableBytes { writer.write($0.clamped(range)) }
    }

    private func text<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        values.withUnsafeReadableBytes { body($0.clamped(range)) }
    }
}

/// What RFC 9113 §8.2.1 says about names and values, whichever section they are in.
enum FieldSectionRules {
    /// A token in lower case; `known` is what it stands for, whatever its case.
    static func isName(_ name: UnsafeRawBufferPointer, _ known: FieldName) -> Bool {
        // Of all other known names there is but one spelling; of this one only the beginning is known.
        guard known == .other || known == .xForwarded else { return !hasUppercase(name) }
        return !name.isEmpty && name.allSatisfy { ASCII.isTokenByte($0) && !(0x41...0x5A).contains($0) }
    }

    private static func hasUppercase(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count >= 8 else { return name.contains { (0x41...0x5A).contains($0) } }
        return name.hasWord { Words.lowercased($0) != $0 }
    }

    /// No NUL, CR or LF, and no white space at either end.
    static func isValue(_ value: UnsafeRawBufferPointer) -> Bool {
        if let first = value.first, ASCII.isBlank(first) { return false }
        if let last = value.last, ASCII.isBlank(last) { return false }
        guard value.count >= 8 else { return !value.contains(where: endsLine) }
        return !value.hasWord { word in
            guard Words.hasByte(below: 0x20, in: word) else { return false }
            return Words.hasByte(0x00, in: word) || Words.hasByte(0x0D, in: word) || Words.hasByte(0x0A, in: word)
        }
    }

    private static func endsLine(_ byte: UInt8) -> Bool { byte == 0 || byte == ASCII.cr || byte == ASCII.lf }

    static func write(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, into lines: inout ByteBuffer) {
        lines.write(atMost: name.count + value.count + 4) { writer in
            writer.write(name)
            writer.write(": ")
            writer.write(value)
            writer.write(ASCII.crlf)
        }
    }
}
