internal import CrossDomain
internal import NIOCore

/// Text of an app's on its way into a field value.
enum FieldText {
    /// Text as a field value: visible ASCII and single spaces inside stay, every other byte and `%` is percent-encoded
    /// (RFC 3986 §2.1), so that nothing an app calls a user can end a line.
    static func encoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }) { return text }
        var out = ""
        for (index, byte) in bytes.enumerated() {
            let isInnerSpace = byte == 0x20 && index > 0 && index < bytes.count - 1
            if isInnerSpace || (byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%")) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return out
    }
}

extension ByteBuffer {
    /// Appends `Name: value` and CRLF.
    mutating func writeLine(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}

extension LocalResponse {
    /// The ladder's answer as the transport sends it.
    init(_ answer: Answer) {
        var lines = ByteBuffer()
        for (name, value) in answer.fields { lines.writeLine(name, value) }
        self.init(status: answer.status, lines: lines, body: ByteBuffer(string: answer.body))
        guard answer.status >= 400 else { return }
        fault = answer.status == LadderError.storeUnavailable.status ? .store : .client
        reason = answer.outcome
    }
}
