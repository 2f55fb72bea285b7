import NIOCore

/// One place to connect to: an address of an upstream, or one of the addresses that its name stands for.
struct UpstreamEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// As the operator writes it.
    let address: Upstream.Address
    /// As the system takes it.
    let socket: SocketAddress

    /// `http://web:80`, and behind a name the address it stands for: `http://web:80 (10.0.0.2)`.
    var description: String {
        guard let text = socket.ipAddress, let host = address.host, host != text, isNamed else { return "\(address)" }
        return "\(address) (\(text))"
    }

    /// Whether ``address`` is a name.
    var isNamed: Bool { address.literal == nil }
}

extension Upstream.Address {
    var host: String? {
        switch self {
        case .tcp(let host, _), .tls(let host, _): host
        case .unix: nil
        }
    }

    var port: Int {
        switch self {
        case .tcp(_, let port), .tls(_, let port): port
        case .unix: 0
        }
    }

    var isSecure: Bool {
        if case .tls = self { true } else { false }
    }

    /// What there is nothing to resolve about: an IP address or a socket's path; nil for a name.
    var literal: SocketAddress? {
        switch self {
        case .tcp(let host, let port), .tls(let host, let port): try? SocketAddress(ipAddress: host, port: port)
        case .unix(let path): try? SocketAddress(unixDomainSocketPath: path)
        }
    }
}
