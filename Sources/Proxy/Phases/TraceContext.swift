/// `traceparent` of W3C Trace Context, levels 1 and 2.
///
/// Tombolo takes no part in traces: what is valid is passed on as it came, `tracestate` with it (§3.4: whoever does not
/// change the one must not change the other), and what is not valid is begun anew.
enum TraceContext {
    /// Where the trace's id is in a value; nil if the trace cannot be continued.
    ///
    /// `00-<32 hex>-<16 hex>-<2 hex>` with ids that are not all zero (§3.2.2). A later version may go on after that, with a
    /// `-` first, and is otherwise read as version 00 (§4.2); `ff` is none.
    static func traceID(in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        guard bytes.count >= length else { return nil }
        for (index, byte) in bytes.prefix(length).enumerated() {
            switch index {
            case 2, 35, 52: guard byte == UInt8(ascii: "-") else { return nil }
            default: guard isHex(byte) else { return nil }
            }
        }
        let version = bytes.prefix(2)
        if version.elementsEqual("ff".utf8) { return nil }
        if bytes.count > length {
            guard !version.elementsEqual("00".utf8), bytes[length] == UInt8(ascii: "-") else { return nil }
        }
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == UInt8(ascii: "0") } }
        return isZero(3..<35) || isZero(36..<52) ? nil : 3..<35
    }

    /// The length of version 00.
    private static let length = 55

    /// Lower case only (§2.2.1).
    private static func isHex(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
