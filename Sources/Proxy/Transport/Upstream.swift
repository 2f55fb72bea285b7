public import NIOCore

/// An application server and how long to wait for it.
public struct Upstream: Hashable, Sendable, CustomStringConvertible {
    /// Where it listens.
    public enum Address: Hashable, Sendable {
        /// A host name or address and a TCP port.
        case tcp(host: String, port: Int)
        /// A Unix socket's path.
        case unix(path: String)
    }
    /// Where it listens.
    public var address: Address
    /// The longest time to establish a connection.
    public var connectTimeout: TimeAmount
    /// The longest time from the end of the request to the response's head.
    public var responseTimeout: TimeAmount
    /// The longest time without a byte in a response's body.
    public var idleTimeout: TimeAmount

    /// Describes an upstream; the defaults are 5 s to connect, 60 s for a head, 300 s between bytes.
    public init(
        _ address: Address, connectTimeout: TimeAmount = .seconds(5), responseTimeout: TimeAmount = .seconds(60),
        idleTimeout: TimeAmount = .seconds(300)
    ) {
        self.address = address
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.idleTimeout = idleTimeout
    }

    /// The address as an operator writes it: `http://host:port` or `unix:/path`.
    public var description: String {
        switch address {
        case .tcp(let host, let port):
            host.utf8.contains(UInt8(ascii: ":")) ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
