/// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CRLF (§2.1).
extension ProxyHeader {
    private static let prefix = Array("PROXY ".utf8)

    static func readLine(_ bytes: UnsafeRawBufferPointer) throws(ProxyHeaderError) -> ProxyHeader? {
        guard agree(bytes, with: prefix) else { throw .absent }
        guard let end = bytes.prefix(longestLine).firstIndex(of: 0x0A) else {
            guard bytes.count < longestLine else { throw .tooLong }
            return nil
        }
        guard end >= prefix.count + 1, bytes[end - 1] == 0x0D else { throw .malformedLine }
        let line = bytes[prefix.count..<end - 1]
        guard let source = source(of: line) else { throw .malformedLine }
        return ProxyHeader(source: source, length: end + 1)
    }

    private static func source(of line: Slice<UnsafeRawBufferPointer>) -> Source? {
        let parts = line.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: false)
        guard let family = parts.first else { return nil }
        // What follows UNKNOWN is for the proxy's own use, and must be ignored.
        if family.elementsEqual("UNKNOWN".utf8) { return .unknown }
        let isIPv4 = family.elementsEqual("TCP4".utf8)
        guard isIPv4 || family.elementsEqual("TCP6".utf8), parts.count == 5,
            let client = IPAddress(UnsafeRawBufferPointer(rebasing: parts[1])), client.isIPv4 == isIPv4,
            let server = IPAddress(UnsafeRawBufferPointer(rebasing: parts[2])), server.isIPv4 == isIPv4,
            let clientPort = port(parts[3]), port(parts[4]) != nil
        else { return nil }
        return .client(client.unmapped, port: clientPort)
    }

    /// 0 to 65535 without leading zeros.
    private static func port(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt16? {
        guard (1...5).contains(digits.count), digits.count == 1 || digits.first != 0x30 else { return nil }
        var number: UInt32 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + UInt32(digit - 0x30)
        }
        return UInt16(exactly: number)
    }
}
