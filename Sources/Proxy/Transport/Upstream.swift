public import NIOCore
public import TLS

/// An application server and how long to wait for it.
public struct Upstream: Hashable, Sendable, CustomStringConvertible {
    /// Where it listens.
    public enum Address: Hashable, Sendable, CustomStringConvertible {
        /// A host name or address and a TCP port.
        case tcp(host: String, port: Int)
        /// The same, spoken to by TLS.
        case tls(host: String, port: Int)
        /// A Unix socket's path.
        case unix(path: String)

        /// The address as an operator writes it: `http://host:port`, `https://host:port` or `unix:/path`.
        public var description: String {
            switch self {
            case .tcp(let host, let port): "http://\(Self.bracketed(host)):\(port)"
            case .tls(let host, let port): "https://\(Self.bracketed(host)):\(port)"
            case .unix(let path): "unix:\(path)"
            }
        }

        private static func bracketed(_ host: String) -> String {
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        }
    }
    /// Where it listens: one address, or several that serve alike. Never empty.
    public let addresses: [Address]
    /// What handshakes with addresses of the kind ``Address/tls(host:port:)`` need; without it, there are none.
    public let tls: UpstreamTLS?
    /// The longest time to establish a connection to one address, its TLS handshake included.
    public var connectTimeout: TimeAmount
    /// The longest time from the end of the request to the response's head.
    public var responseTimeout: TimeAmount
    /// The longest time without a byte in a response's body.
    public var idleTimeout: TimeAmount

    /// Describes an upstream; the defaults are 5 s to connect, 60 s for a head, 300 s between bytes.
    public init(
        _ address: Address, alternatives: [Address] = [], tls: UpstreamTLS? = nil,
        connectTimeout: TimeAmount = .seconds(5), responseTimeout: TimeAmount = .seconds(60),
        idleTimeout: TimeAmount = .seconds(300)
    ) {
        self.addresses = [address] + alternatives
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.idleTimeout = idleTimeout
    }

    /// The addresses as an operator writes them, with commas between.
    public var description: String { key.description }

    /// What upstreams have to have in common to share connections.
    struct Key: Hashable, Sendable, CustomStringConvertible {
        let addresses: [Address]
        let tls: UpstreamTLS?

        var description: String { addresses.map(\.description).joined(separator: ",") }
    }

    var key: Key { Key(addresses: addresses, tls: tls) }
}
