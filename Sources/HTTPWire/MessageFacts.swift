/// What the fields say about framing, connection and host, gathered line by line while a head is read.
struct MessageFacts: Sendable {
    /// Which of a message's fields is `Host`.
    private(set) var hostIndex: Int?
    private(set) var expectsContinue = false
    private var contentLength: Int?
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false
    private var listsUpgrade = false
    private var hasUpgrade = false
    private var offersH2C = false

    /// Takes note of the field at `index` of the section. Throws as soon as the fields contradict each other.
    mutating func note(_ field: Field, at index: Int, _ all: UnsafeRawBufferPointer) throws(HTTPWireError.Kind) {
        switch field.known {
        case .host:
            if hostIndex != nil { throw .duplicateHost }
            hostIndex = index
        case .contentLength:
            guard contentLength == nil, let length = Self.length(all.clamped(field.value)) else {
                throw .badContentLength
            }
            contentLength = length
        case .transferEncoding:
            if isChunked { throw .badTransferEncoding }
            try Self.checkTransferEncoding(all.clamped(field.value))
            isChunked = true
        case .connection:
            let value = all.clamped(field.value)
            var members = ListMembers(value)
            while let member = members.next() {
                let option = value.clamped(member)
                if option.equalsIgnoringCase("close") { saysClose = true }
                if option.equalsIgnoringCase("keep-alive") { saysKeepAlive = true }
                if option.equalsIgnoringCase("upgrade") { listsUpgrade = true }
            }
        case .upgrade:
            let value = all.clamped(field.value)
            var members = ListMembers(value)
            while let member = members.next() {
                hasUpgrade = true
                if value.clamped(member).equalsIgnoringCase("h2c") { offersH2C = true }
            }
        case .expect:
            if all.clamped(field.value).equalsIgnoringCase("100-continue") { expectsContinue = true }
        default: break
        }
    }

    /// Whether the connection stays open (RFC 9112 §9.3).
    func keepsAlive(_ version: HTTPVersion) -> Bool { !saysClose && (version == .http11 || saysKeepAlive) }

    /// Whether another protocol than HTTP/2 is asked for, or switched to.
    var asksForUpgrade: Bool { listsUpgrade && namesProtocol }

    /// Whether `Upgrade` names a protocol that a tunnel could carry.
    var namesProtocol: Bool { hasUpgrade && !offersH2C }

    /// RFC 9112 §6.3 for requests: without any framing field there is no body.
    func requestFraming(version: HTTPVersion) throws(HTTPWireError.Kind) -> BodyFraming {
        try framing(version) ?? .none
    }

    /// RFC 9112 §6.3 for responses: without any framing field the body ends with the connection.
    func responseFraming(version: HTTPVersion) throws(HTTPWireError.Kind) -> BodyFraming {
        try framing(version) ?? .untilClose
    }

    private func framing(_ version: HTTPVersion) throws(HTTPWireError.Kind) -> BodyFraming? {
        if isChunked {
            if contentLength != nil { throw .conflictingFraming }
            if version == .http10 { throw .transferEncodingInHTTP10 }
            return .chunked
        }
        return contentLength.map { .length($0) }
    }

    /// 1 to 19 digits that fit an `Int` (RFC 9110 §8.6); leading zeros are digits too.
    private static func length(_ value: UnsafeRawBufferPointer) -> Int? {
        guard !value.isEmpty, value.count <= 19 else { return nil }
        var length = 0
        for byte in value {
            guard ASCII.isDigit(byte) else { return nil }
            let (tens, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte - 0x30))
            if overflow || carry { return nil }
            length = sum
        }
        return length
    }

    /// Returns if the value is `chunked`. Anything else is refused: as malformed, or as a coding that we do not have.
    private static func checkTransferEncoding(_ value: UnsafeRawBufferPointer) throws(HTTPWireError.Kind) {
        if value.equalsIgnoringCase("chunked") { return }
        var start = 0
        var sawChunked = false
        while start <= value.count {
            var end = value.firstIndex(of: 0x2C, from: start) ?? value.count
            let next = end + 1
            while start < end, ASCII.isBlank(value[start]) { start += 1 }
            while end > start, ASCII.isBlank(value[end - 1]) { end -= 1 }
            let coding = value.clamped(start..<end)
            // Nothing may follow `chunked`, members are not empty, and codings are tokens: parameters are not known here.
            guard !sawChunked, !coding.isEmpty, coding.allSatisfy(ASCII.isTokenByte) else { throw .badTransferEncoding }
            sawChunked = coding.equalsIgnoringCase("chunked")
            start = next
        }
        throw .unsupportedTransferEncoding
    }
}
