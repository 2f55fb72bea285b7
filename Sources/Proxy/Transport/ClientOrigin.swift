import HTTPWire
import NIOCore

/// Who is at the other end of a client connection, as far as is known.
struct ClientOrigin {
    /// The client's address, or that of the proxy that has not said whom it speaks for.
    var address: SocketAddress?
    /// False for the address of a proxy that passes on somebody it does not name: nobody can be judged by it.
    var isClient = true

    /// The peer of a connection, as the kernel knows it.
    init(of channel: any Channel) { address = channel.remoteAddress?.unmapped }

    /// What a proxy's header makes of the connection of a peer.
    init(_ peer: ClientOrigin, saying source: ProxyHeader.Source) {
        self = peer
        switch source {
        case .proxy: break
        case .unknown: isClient = false
        case .client(let ip, let port):
            address = SocketAddress(ip, port: port)
            isClient = address != nil
        }
    }
}

extension SocketAddress {
    init?(_ ip: IPAddress, port: UInt16) {
        do {
            try self.init(packedIPAddress: ByteBuffer(bytes: ip.bytes), port: Int(port))
        } catch {
            return nil
        }
    }

    /// The IP address; nil for a Unix socket.
    var ip: IPAddress? {
        withSockAddr { pointer, size in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
            // The address within `sockaddr_in` and `sockaddr_in6` (RFC 3493 §3.3).
            return switch self {
            case .v4: bytes.count >= 8 ? IPAddress(networkOrder: bytes[4..<8]) : nil
            case .v6: bytes.count >= 24 ? IPAddress(networkOrder: bytes[8..<24]) : nil
            case .unixDomainSocket: nil
            }
        }
    }

    /// An IPv4 address that came to an IPv6 socket as what it is.
    var unmapped: SocketAddress {
        guard case .v6 = self, let ip, ip.unmapped.isIPv4 else { return self }
        return SocketAddress(ip.unmapped, port: UInt16(truncatingIfNeeded: port ?? 0)) ?? self
    }
}
