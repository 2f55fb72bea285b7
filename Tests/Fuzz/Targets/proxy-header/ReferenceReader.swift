import FuzzSupport
import HTTPWire

#if canImport(Glibc)
    import Glibc
#endif

/// Headers that are known to be valid, read naively and with the system's own reader of addresses; and written.
enum ReferenceReader {
    static func source(_ header: [UInt8]) -> ProxyHeader.Source {
        header.starts(with: Array("PROXY ".utf8)) ? line(header) : binary(header)
    }

    private static func line(_ header: [UInt8]) -> ProxyHeader.Source {
        check(header.count <= 107 && header.suffix(2) == [13, 10], "the end of the line")
        let parts = String(decoding: header.dropLast(2), as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        if parts[1] == "UNKNOWN" { return .unknown }
        checkEqual(parts.count, 6, "the number of parts")
        check(parts[1] == "TCP4" || parts[1] == "TCP6", "the family")
        let family = parts[1] == "TCP4" ? AF_INET : AF_INET6
        check(address(String(parts[3]), family) != nil, "the server's address")
        check(UInt16(parts[5]).map(String.init) == String(parts[5]), "the server's port")
        guard let client = address(String(parts[2]), family), let port = UInt16(parts[4]) else {
            fatalError("the client")
        }
        checkEqual(String(port), String(parts[4]), "the client's port")
        return .client(client.unmapped, port: port)
    }

    private static func address(_ text: String, _ family: CInt) -> IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(family, text, &bytes) == 1 else { return nil }
        return IPAddress(networkOrder: bytes.prefix(family == AF_INET ? 4 : 16))
    }

    private static func binary(_ header: [UInt8]) -> ProxyHeader.Source {
        checkEqual(header.count, 16 + Int(header[14]) * 256 + Int(header[15]), "the length")
        guard header[12] == 0x21 else {
            checkEqual(header[12], 0x20, "version and command")
            return .proxy
        }
        let width: Int
        switch header[13] >> 4 {
        case 1: width = 4
        case 2: width = 16
        default: return .unknown
        }
        let port = UInt16(header[16 + 2 * width]) << 8 | UInt16(header[17 + 2 * width])
        guard let client = IPAddress(networkOrder: header[16..<16 + width]) else { fatalError("the client") }
        return .client(client.unmapped, port: port)
    }

    // MARK: - Writing

    static func line(_ client: IPAddress, _ port: UInt16) -> [UInt8] {
        let bytes = client.bytes
        let groups = stride(from: 0, to: bytes.count, by: 2).map {
            String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
        }
        let text = client.isIPv4 ? bytes.map { String($0) }.joined(separator: ".") : groups.joined(separator: ":")
        return Array("PROXY TCP\(client.isIPv4 ? 4 : 6) \(text) \(text) \(port) 65535\r\n".utf8)
    }

    /// With a checksum as its only extra.
    static func binary(_ client: IPAddress, _ port: UInt16) -> [UInt8] {
        let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
        let ports: [UInt8] = [UInt8(port >> 8), UInt8(port & 0xFF), 0, 80]
        let rest = client.bytes + client.bytes + ports + [3, 0, 4, 0, 0, 0, 0]
        var header = signature + [0x21, client.isIPv4 ? 0x11 : 0x21, 0, UInt8(rest.count)] + rest
        let sum = header.withUnsafeBytes { CRC32C.checksum(of: $0) }
        header.replaceSubrange(header.count - 4..<header.count, with: withUnsafeBytes(of: sum.bigEndian) { Array($0) })
        return header
    }
}
