import NIOCore

/// What all requests on a client connection have in common.
struct ClientContact {
    var origin: ClientOrigin
    /// The address that it has come to.
    var localAddress: SocketAddress?
    /// What it has of TLS; nil in cleartext.
    var tls: TLSClient?

    /// An exchange on this connection.
    func exchange(on loop: any EventLoop) -> Exchange {
        let exchange = Exchange(
            eventLoop: loop, clientAddress: origin.address, isSecure: tls != nil, serverName: tls?.serverName)
        exchange.isClientKnown = origin.isClient
        exchange.localAddress = localAddress
        exchange.tlsVersion = tls?.version
        return exchange
    }
}

/// Makes the handlers that speak HTTP with a client, in the version that it wants. All connections of a loop share it, and
/// its state holds it.
final class ClientHandlers {
    private unowned let state: LoopState
    private let makePhases: () -> any Phases
    /// For those who speak HTTP/2; nil if that is not offered.
    private let http2: HTTP2Settings?

    /// - Parameter areTrusted: whether the clients are proxies that may speak for many.
    init(_ state: LoopState, areTrusted: Bool, makePhases: @escaping () -> any Phases) {
        self.state = state
        self.makePhases = makePhases
        http2 = areTrusted ? state.settings.http2?.forProxies : state.settings.http2
    }

    /// For HTTP/1.1, and for all who come in cleartext: who wants HTTP/2 there begins with its preface.
    func http1(_ origin: ClientOrigin, tls: TLSClient? = nil) -> HTTP1Connection {
        let connection = HTTP1Connection(
            state: state, contact: ClientContact(origin: origin, tls: tls), phases: makePhases())
        // Over TLS it is ALPN that decides (RFC 9113 §3.2).
        if tls == nil { connection.handlers = self }
        return connection
    }

    /// For a client that has agreed on `name` by ALPN (RFC 7301), or on nothing.
    func afterHandshake(
        on channel: any Channel, _ origin: ClientOrigin, _ tls: TLSClient, protocol name: String?
    ) -> [any ChannelHandler] {
        let contact = ClientContact(origin: origin, localAddress: channel.localAddress, tls: tls)
        guard name == "h2", let handlers = http2(contact) else { return [http1(origin, tls: tls)] }
        return handlers
    }

    /// For a client that has said that it speaks HTTP/2; nil if that is not offered.
    func http2(_ contact: ClientContact) -> [any ChannelHandler]? {
        guard let http2 else { return nil }
        let connection = HTTP2Connection(state: state, settings: http2, contact: contact, phases: makePhases())
        return [connection.gate, http2.handler(state.settings), connection]
    }
}
