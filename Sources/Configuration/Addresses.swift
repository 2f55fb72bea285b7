internal import Glibc

/// Where a listener waits.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A TCP address. The host is an IP address without brackets or a name; the port is 0 (any free one) to 65535.
    case tcp(host: String, port: Int)
    /// A Unix socket.
    case unix(path: String)
    /// Sockets that whoever started the process has opened (`sd_listen_fds(3)`): those with this name, or, without one,
    /// those that no other listener names.
    case systemd(name: String?)

    /// `host:port`, `[v6]:port`, `unix:path`, `systemd` or `systemd:name`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix:\(path)"
        case .systemd(let name): name.map { "systemd:\($0)" } ?? "systemd"
        }
    }
}

/// A network in the notation of RFC 4632 and RFC 4291: `10.0.0.0/8`, `2001:db8::/32`; a bare address is a network of
/// one.
public struct CIDR: Sendable, Hashable, CustomStringConvertible {
    /// The network address: 4 or 16 bytes in network order; all bits after the prefix are 0.
    public let network: [UInt8]
    /// 0 to 32, or 0 to 128.
    public let prefixLength: Int

    /// Parses `text`; nil if it is no network, or has bits set after the prefix.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = CIDR.addressBytes(String(first)) else { return nil }
        var length = address.count * 8
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                digits == "0" || digits.first != "0", let given = Int(digits), given <= length
            else { return nil }
            length = given
        }
        guard CIDR.masked(address, to: length) == address else { return nil }
        network = address
        prefixLength = length
    }

    /// Whether `address` (4 or 16 bytes in network order) lies in this network. An IPv4 address that arrives in its
    /// mapped IPv6 form (`::ffff:10.0.0.1`, RFC 4291 §2.5.5.2) counts as IPv4.
    public func contains(_ address: some Collection<UInt8>) -> Bool {
        let isMapped = address.count == 16 && network.count == 4 && address.starts(with: CIDR.mappedPrefix)
        let skipped = isMapped ? CIDR.mappedPrefix.count : 0
        guard address.count - skipped == network.count else { return false }
        var bits = prefixLength
        for (theirs, ours) in zip(address.dropFirst(skipped), network) {
            if bits <= 0 { return true }
            let mask: UInt8 = bits >= 8 ? 0xFF : ~(0xFF >> UInt8(bits))
            if theirs & mask != ours { return false }
            bits -= 8
        }
        return true
    }

    /// `address/length`.
    public var description: String { CIDR.addressText(network).map { "\($0)/\(prefixLength)" } ?? "" }

    /// An IP address of 4 or 16 bytes as text, without brackets; nil if there are more or fewer.
    package static func addressText(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// The 4 or 16 bytes of an IP address without brackets; nil if it is none.
    package static func addressBytes(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
        return nil
    }

    /// `address` with all bits after the first `length` cleared.
    private static func masked(_ address: [UInt8], to length: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let bits = max(0, min(8, length - index * 8))
            return bits == 8 ? byte : byte & ~(0xFF >> UInt8(bits))
        }
    }
}
