/// The request line: `method SP request-target SP HTTP-version` (RFC 9112 §3).
enum RequestLine {
    /// Reads the line at `line` into `head`.
    static func parse(
        _ all: UnsafeRawBufferPointer, _ line: Range<Int>, into head: RequestHead
    ) throws(HTTPWireError.Kind) {
        var index = line.lowerBound
        while index < line.upperBound, ASCII.isTokenByte(all[index]) { index += 1 }
        // The shortest rest is " / HTTP/1.1".
        let versionStart = line.upperBound - 9
        guard index > line.lowerBound, index + 1 < versionStart, all[index] == ASCII.space,
            all[versionStart] == ASCII.space
        else { throw .badRequestLine }
        let version = all.clamped(versionStart + 1..<line.upperBound)
        let method = line.lowerBound..<index
        let target = index + 1..<versionStart
        head.version = try HTTPVersion(parsing: version, .badRequestLine) { () -> Bool in
            version.equals("HTTP/2.0") && all.clamped(method).equals("PRI") && all.clamped(target).equals("*")
        }
        head.method = method
        head.knownMethod = Method(all.clamped(method))
        head.target = target
        guard all.isTarget(target) else { throw .badTarget }
        try parseTarget(all, into: head)
    }

    /// The four forms of a target (RFC 9112 §3.2).
    private static func parseTarget(
        _ all: UnsafeRawBufferPointer, into head: RequestHead
    ) throws(HTTPWireError.Kind) {
        let target = head.target
        if head.knownMethod == .connect {
            guard let authority = Authority(all, target), authority.port != nil else { throw .badTarget }
            head.setHost(authority)
        } else if all[target.lowerBound] == 0x2F {
            head.splitPath(target, all)
        } else if target.count == 1, all[target.lowerBound] == 0x2A, head.knownMethod == .options {
            head.path = target
        } else {
            guard let authorityStart = schemeEnd(all.clamped(target)).map({ $0 + target.lowerBound }) else {
                throw .badTarget
            }
            var end = authorityStart
            while end < target.upperBound, all[end] != 0x2F, all[end] != 0x3F { end += 1 }
            guard let authority = Authority(all, authorityStart..<end) else { throw .badHost }
            head.isAbsoluteForm = true
            head.isHTTPSTarget = authorityStart - target.lowerBound == 8
            head.setHost(authority)
            head.splitPath(end..<target.upperBound, all)
        }
    }

    /// How long `http://` or `https://` is at the beginning of `target`.
    private static func schemeEnd(_ target: UnsafeRawBufferPointer) -> Int? {
        if target.clamped(0..<7).equalsIgnoringCase("http://") { return 7 }
        if target.clamped(0..<8).equalsIgnoringCase("https://") { return 8 }
        return nil
    }
}

extension HTTPVersion {
    /// Reads `HTTP/d.d`, exactly eight bytes. Something else is `malformed`; another version is `badVersion`, or
    /// `http2Preface` if `isPreface` says so.
    init(
        parsing bytes: UnsafeRawBufferPointer, _ malformed: HTTPWireError.Kind, isPreface: () -> Bool = { false }
    ) throws(HTTPWireError.Kind) {
        guard bytes.count == 8, bytes.clamped(0..<5).equals("HTTP/"), ASCII.isDigit(bytes[5]), bytes[6] == 0x2E,
            ASCII.isDigit(bytes[7])
        else { throw malformed }
        switch (bytes[5], bytes[7]) {
        case (0x31, 0x31): self = .http11
        case (0x31, 0x30): self = .http10
        default: throw isPreface() ? .http2Preface : .badVersion
        }
    }
}

extension RequestHead {
    func setHost(_ authority: Authority) {
        host = authority.range
        hostName = authority.name
        hostPort = authority.port
    }

    func splitPath(_ range: Range<Int>, _ all: UnsafeRawBufferPointer) {
        guard let mark = all.firstIndex(of: 0x3F, from: range.lowerBound), mark < range.upperBound else {
            path = range
            return
        }
        path = range.lowerBound..<mark
        query = mark + 1..<range.upperBound
    }

    /// Checks `Host` (RFC 9112 §3.2) and lets the target's authority win over it.
    func settleHost(_ index: Int?, _ all: UnsafeRawBufferPointer) throws(HTTPWireError.Kind) {
        guard let index, fields.indices.contains(index) else {
            if version == .http11 { throw .missingHost }
            hostIsFromTarget = isAbsoluteForm
            return
        }
        let value = fields[index].value
        let authority = Authority(all, value)
        // HTTP/1.0 knew no Host; an empty one says as much as none.
        guard authority != nil || value.isEmpty && version == .http10 else { throw .badHost }
        if isAbsoluteForm {
            guard !all.clamped(host).equalsIgnoringCase(all.clamped(value)) else { return }
            removeAll(.host)
            hostIsFromTarget = true
        } else if knownMethod != .connect, let authority {
            setHost(authority)
        }
    }
}
