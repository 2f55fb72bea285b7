public import HTTPWire
public import NIOCore

/// What the data plane asks its owner about the connections that come in, and what it tells of them.
public struct FrontDoor: Sendable {
    /// Whether the peer with this address may say for whom it speaks. Called on event loops.
    public var trusts: @Sendable (SocketAddress?) -> Bool
    /// Told of whatever happens. Called on event loops.
    public var report: @Sendable (FrontEvent) -> Void

    /// Nobody is trusted and nothing is told unless given.
    public init(
        trusts: @escaping @Sendable (SocketAddress?) -> Bool = { _ in false },
        report: @escaping @Sendable (FrontEvent) -> Void = { _ in }
    ) {
        self.trusts = trusts
        self.report = report
    }
}

/// What happens to connections before they bring a request.
public enum FrontEvent: Sendable {
    /// No connection can be accepted for now, and why: the system's words. Told once until ``acceptingAgain``.
    case acceptingPaused(String)
    /// Connections are accepted again.
    case acceptingAgain
    /// A connection was closed without an answer.
    case refused(SocketAddress?, ConnectionRefusal)
}

/// Why a connection was closed without an answer. All of it is the client's doing, or that of a proxy in front.
public enum ConnectionRefusal: Sendable, Equatable, CustomStringConvertible {
    /// There are ``TransportSettings/maxConnections``.
    case tooMany
    /// There are ``TransportSettings/maxConnectionsPerAddress`` of its address.
    case tooManyOfAddress
    /// It came to a listener for the PROXY protocol from somebody who may not speak for others.
    case untrustedProxy
    /// It did not begin with a valid PROXY header.
    case proxyHeader(ProxyHeaderError)
    /// The PROXY header took longer than ``TransportSettings/headTimeout``.
    case proxyHeaderTimeout
    /// It ended before its PROXY header did.
    case proxyHeaderCutOff

    /// A short stable word, and a detail where there is one.
    public var description: String {
        switch self {
        case .tooMany: "connections"
        case .tooManyOfAddress: "connections_per_address"
        case .untrustedProxy: "proxy_untrusted"
        case .proxyHeader(let error): "proxy_header \(error.rawValue)"
        case .proxyHeaderTimeout: "proxy_header timeout"
        case .proxyHeaderCutOff: "proxy_header closed"
        }
    }
}

extension ConnectionRefusal {
    /// The limit that was run into, if it was one.
    var limit: Limit? {
        switch self {
        case .tooMany: .connections
        case .tooManyOfAddress: .connectionsPerAddress
        case .proxyHeaderTimeout: .headTime
        case .untrustedProxy, .proxyHeader, .proxyHeaderCutOff: nil
        }
    }
}
