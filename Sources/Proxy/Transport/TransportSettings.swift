public import HTTPWire
public import NIOCore

/// Limits and time-outs of the data plane. Every duration is counted on the event loop's clock.
public struct TransportSettings: Sendable {
    /// Limits of the client's request heads; beyond them 400, 414 or 431.
    public var requestLimits = HeadLimits()
    /// Limits of the upstreams' response heads; beyond them 502.
    public var responseLimits = HeadLimits()
    /// The longest time from the first byte of a request's head to its last (408).
    public var headTimeout: TimeAmount = .seconds(15)
    /// The longest time a client connection may wait for its next request.
    public var idleTimeout: TimeAmount = .seconds(75)
    /// The longest time without a byte of a request body that is owed (408).
    public var requestBodyTimeout: TimeAmount = .seconds(75)
    /// The least speed of a request body in bytes per second, over ``requestBodyTimeout`` (408); 0 is none.
    public var requestRate = 256
    /// The longest time a client may refuse to take any byte of an answer or of what comes through a tunnel.
    public var sendTimeout: TimeAmount = .minutes(10)
    /// The least speed at which a client takes an answer in bytes per second, over ``sendTimeout``; 0 is none.
    public var responseRate = 64
    /// The longest time without a byte either way in a tunnel.
    public var tunnelTimeout: TimeAmount = .hours(1)
    /// The largest request body in bytes (413); 0 is no limit.
    public var maxBodyBytes = 0
    /// How many bytes of later requests are held while one is being answered.
    public var maxPipelinedBytes = 64 * 1024
    /// How many bytes may wait towards one side before the other is no longer read.
    public var highWatermark = 256 * 1024
    /// When reading starts again.
    public var lowWatermark = 64 * 1024
    /// How many connections of an event loop keep the memory of their last exchange for the next one: those that were answered
    /// last. A few KiB each.
    public var warmConnections = 2_048
    /// How much of an unwanted request body is read to keep a connection alive after an early answer; more closes it.
    public var drainBytes = 256 * 1024
    /// How long a connection that is closed early goes on reading, so that its client sees the answer and not a reset.
    public var lingerTimeout: TimeAmount = .seconds(2)
    /// The largest number of client connections over all listeners of a server; 0 is no limit.
    public var maxConnections = 0
    /// The largest number of client connections of one address, an IPv6 address counting as its /64; 0 is no limit. Holds
    /// for nobody who is trusted, nor for this machine.
    public var maxConnectionsPerAddress = 0
    /// How long connections may stay idle while the server shuts down: as long as a request needs that is under way when
    /// the shutdown begins.
    public var drainGrace: TimeAmount = .seconds(1)
    /// Trailer fields of requests that are dropped under every spelling: the names Tombolo owns.
    public var droppedTrailers: [FoldedName] = []
    /// The name in the `Server` field of answers made here; empty writes none.
    public var serverName = "tombolo"
    /// HTTP/2 on the front; nil offers HTTP/1.1 only.
    public var http2: HTTP2Settings? = HTTP2Settings()
    /// The pools of upstream connections.
    public var pool = PoolSettings()

    /// Makes the defaults.
    public init() {}
}

/// Limits of one event loop's pool of connections to one upstream, all its addresses together.
public struct PoolSettings: Sendable {
    /// The largest number of connections, in use and idle; tunnels count.
    public var maxConnections = 512
    /// How many idle connections are kept that the last second would not have needed. What it did need is kept, too: as many
    /// as were in use at once. The rest is closed, for an upstream may have a process for each.
    public var maxIdle = 64
    /// How long an idle connection is kept.
    public var idleTimeout: TimeAmount = .seconds(30)
    /// How long a connection is used at all, at most; each up to a tenth less.
    public var lifetime: TimeAmount = .minutes(30)
    /// How old the answer may be that names of upstreams were looked up with, before they are looked up again.
    public var lookUpInterval: TimeAmount = .seconds(10)
    /// How many requests may wait for a connection to come free; more answer 503.
    public var maxPending = 1024
    /// How long a request may wait for a connection (503).
    public var pendingTimeout: TimeAmount = .seconds(5)

    /// Makes the defaults.
    public init() {}
}
