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

/// Makes the handlers that speak HTTP with a client, in the version that it wants.
struct ClientHandlers {
    let state: LoopState
    let origin: ClientOrigin
    /// Whether it is a proxy that may speak for many.
    let isTrusted: Bool
    let makePhases: () -> any Phases

    /// For HTTP/1.1, and for all who come in cleartext: who wants HTTP/2 there begins with its preface.
    func http1(tls: TLSClient?) -> HTTP1Connection {
        let connection = HTTP1Connection(
            state: state, contact: ClientContact(origin: origin, tls: tls), phases: makePhases())
        // Over TLS it is ALPN that decides (RFC 9113 §3.2).
        if tls == nil, let settings = state.settings.http2 {
            connection.makeHTTP2 = { http2(settings, $0) }
        }
        return connection
    }

    /// For a client that has agreed on `name` by ALPN (RFC 7301), or on nothing.
    func afterHandshake(on channel: any Channel, _ tls: TLSClient, protocol name: String?) -> [any ChannelHandler] {
        guard name == "h2", let settings = state.settings.http2 else { return [http1(tls: tls)] }
        return http2(settings, ClientContact(origin: origin, localAddress: channel.localAddress, tls: tls))
    }

    private func http2(_ settings: HTTP2Settings, _ contact: ClientContact) -> [any ChannelHandler] {
        let settings = isTrusted ? settings.forProxies : settings
        let connection = HTTP2Connection(state: state, settings: settings, contact: contact, phases: makePhases())
        return [connection.gate, settings.handler(state.settings), connection]
    }
}
