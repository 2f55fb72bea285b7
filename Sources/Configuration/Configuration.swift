/// Everything that one Tombolo process is told by its configuration file and the files that it names.
///
/// A plain value: two configurations are equal when the program would behave alike. Made by
/// ``ConfigurationFiles/load(_:environment:)``, or directly, with the documented defaults, by a program that embeds
/// Tombolo.
public struct Configuration: Sendable, Equatable {
    /// Where browsers arrive, and who may speak for them.
    public var listen: Listen
    /// How https is spoken.
    public var tls: TLS
    /// Where operators and their tools arrive.
    public var internalListener: Internal
    /// Where session records are kept.
    public var store: Store
    /// Where the sealing keys are kept.
    public var keys: Keys
    /// How much one client may ask for.
    public var limits: Limits
    /// How long the data plane waits.
    public var timeouts: Timeouts
    /// What is logged, and in which form.
    public var log: Log
    /// The groups of domains, in the order of the file. Never empty when loaded from a file.
    public var groups: [Group]

    /// Creates a configuration; whatever is left out has its documented default.
    public init(
        listen: Listen = Listen(), tls: TLS = TLS(), internalListener: Internal = Internal(), store: Store = Store(),
        keys: Keys = Keys(), limits: Limits = Limits(), timeouts: Timeouts = Timeouts(), log: Log = Log(),
        groups: [Group] = []
    ) {
        self.listen = listen
        self.tls = tls
        self.internalListener = internalListener
        self.store = store
        self.keys = keys
        self.limits = limits
        self.timeouts = timeouts
        self.log = log
        self.groups = groups
    }
}

extension Configuration {
    /// `[listen]`: where browsers arrive.
    public struct Listen: Sendable, Equatable {
        /// Addresses for cleartext HTTP. Default: `0.0.0.0:8080`. When loaded from a file, empty only if there are
        /// addresses for https.
        public var http: [ListenAddress]
        /// Addresses for HTTP over TLS. Default: none.
        public var https: [ListenAddress]
        /// Whether HTTP/2 is spoken with those who ask for it: by ALPN over TLS, by its preface in cleartext. Default: true.
        public var http2: Bool
        /// Whether what arrives in cleartext is sent to https. Default: false.
        public var redirectHTTPS: Bool
        /// The port that browsers reach the https listener by, 1 to 65535. From a file: that of the first TCP address
        /// for https, unless another is named, as behind a port mapping. Default: 443.
        public var httpsPort: Int
        /// Networks whose `X-Forwarded-*` and `Forwarded` fields and PROXY headers are believed. Default: none.
        public var trustedProxies: [CIDR]
        /// Whether every connection must begin with a header of the PROXY protocol. Default: false.
        public var proxyProtocol: Bool
        /// Whether another process may listen on the same TCP ports, to take over from this one. Default: false.
        public var reusePort: Bool
        /// The file mode of Unix sockets, 0 to 0o777. Default: 0o660.
        public var unixMode: UInt32

        /// Creates the section; the defaults are the documented ones.
        public init(
            http: [ListenAddress] = [.tcp(host: "0.0.0.0", port: 8080)], https: [ListenAddress] = [],
            http2: Bool = true, redirectHTTPS: Bool = false, httpsPort: Int = 443, trustedProxies: [CIDR] = [],
            proxyProtocol: Bool = false, reusePort: Bool = false, unixMode: UInt32 = 0o660
        ) {
            self.http = http
            self.https = https
            self.http2 = http2
            self.redirectHTTPS = redirectHTTPS
            self.httpsPort = httpsPort
            self.trustedProxies = trustedProxies
            self.proxyProtocol = proxyProtocol
            self.reusePort = reusePort
            self.unixMode = unixMode
        }

        /// Whether `address` (4 or 16 bytes in network order) may speak for browsers.
        public func trusts(_ address: some Collection<UInt8>) -> Bool {
            trustedProxies.contains { $0.contains(address) }
        }
    }

    /// `[store]`: where session records are kept.
    public struct Store: Sendable, Equatable {
        /// The kind of store with what it needs to be opened.
        public enum Kind: Sendable, Equatable {
            /// One SQLite file in WAL mode. From a file the path is absolute or relative to the working directory.
            case sqlite(path: String)
            /// Memory of this process, forgotten at its end; at most so many records.
            case memory(maxRecords: Int)
        }

        /// What an acknowledged write survives.
        public enum Durability: String, Sendable, Equatable, CaseIterable {
            /// The end of the process, `kill -9` included (SQLite `synchronous=NORMAL`).
            case process
            /// A power failure too, for one disk flush a write (SQLite `synchronous=FULL`).
            case power
        }

        /// Default: SQLite in `tombolo.sqlite` beside the configuration file.
        public var kind: Kind
        /// Default: ``Durability/process``.
        public var durability: Durability

        /// The default bound of the memory store.
        public static let defaultMaxRecords = 100_000

        /// Creates the section; the defaults are the documented ones.
        public init(kind: Kind = .sqlite(path: "tombolo.sqlite"), durability: Durability = .process) {
            self.kind = kind
            self.durability = durability
        }
    }

    /// `[keys]`: where the sealing keys are kept.
    public struct Keys: Sendable, Equatable {
        /// The keys file (see ``KeysFile``). Default: `tombolo.keys` beside the configuration file.
        public var file: String

        /// Creates the section; the default is the documented one.
        public init(file: String = "tombolo.keys") { self.file = file }
    }

    /// `[limits]`: how much one client may ask for.
    public struct Limits: Sendable, Equatable {
        /// Largest head of a message, start line and fields together, in bytes. Default: 32 KiB.
        public var headBytes: Int
        /// Largest number of fields in a head. Default: 100.
        public var fields: Int
        /// Longest start line or field line, in bytes. Default: 8 KiB.
        public var lineBytes: Int
        /// Largest request body, in bytes; 0 means no limit. Default: 0.
        public var bodyBytes: Int
        /// Least speed of a request body in bytes per second, over ``Timeouts/idle``; 0 means none. Default: 256.
        public var requestRate: Int
        /// Least speed at which a client takes an answer in bytes per second, over ``Timeouts/stall``; 0 means none.
        /// Default: 64.
        public var responseRate: Int
        /// Most client connections at a time. Default: 10 000.
        public var connections: Int
        /// Most connections at a time of one client address, an IPv6 address counting as its /64; 0 means no limit. Does
        /// not hold for trusted proxies, this machine and Unix sockets. Default: 1,000.
        public var connectionsPerAddress: Int
        /// Most connections to one upstream at a time, shared out equally to the processors. Default: 1024.
        public var upstreamConnections: Int
        /// Most requests that wait for a connection to one upstream, shared out equally to the processors; 0 means that
        /// none may wait. Default: 1024.
        public var pending: Int

        /// Creates the section; the defaults are the documented ones.
        public init(
            headBytes: Int = 32 * 1024, fields: Int = 100, lineBytes: Int = 8 * 1024, bodyBytes: Int = 0,
            requestRate: Int = 256, responseRate: Int = 64, connections: Int = 10_000,
            connectionsPerAddress: Int = 1000, upstreamConnections: Int = 1024, pending: Int = 1024
        ) {
            self.headBytes = headBytes
            self.fields = fields
            self.lineBytes = lineBytes
            self.bodyBytes = bodyBytes
            self.requestRate = requestRate
            self.responseRate = responseRate
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
            self.upstreamConnections = upstreamConnections
            self.pending = pending
        }
    }

    /// `[timeouts]`: how long the data plane waits. All in milliseconds.
    public struct Timeouts: Sendable, Equatable {
        /// From the first byte of a request head to its last. Default: 10 s.
        public var head: Int64
        /// For the next request on a kept-alive client connection, and for the next byte of a request body.
        /// Default: 75 s.
        public var idle: Int64
        /// Longest time in which a client takes nothing of an answer or out of a tunnel. Default: 10 min.
        public var stall: Int64
        /// Longest silence both ways in a tunnel (a WebSocket). Default: 1 h.
        public var tunnel: Int64
        /// For one of the connections to an upstream to come free, when all are in use. Default: 5 s.
        public var pending: Int64
        /// For a connection to an upstream. Default: 5 s.
        public var upstreamConnect: Int64
        /// From the end of a request to the head of its response. Default: 60 s.
        public var upstreamResponse: Int64
        /// Longest silence of an upstream within a response, event streams included. Default: 5 min.
        public var upstreamIdle: Int64
        /// How long an upstream connection without a request is kept for the next one. Default: 30 s.
        public var upstreamKeepAlive: Int64
        /// How long an upstream connection is used at all. Default: 30 min.
        public var upstreamLifetime: Int64
        /// From SIGTERM to the end of the process, whatever still runs. Default: 30 s.
        public var drain: Int64

        /// Creates the section; the defaults are the documented ones.
        public init(
            head: Int64 = 10_000, idle: Int64 = 75_000, stall: Int64 = 600_000, tunnel: Int64 = 3_600_000,
            pending: Int64 = 5_000, upstreamConnect: Int64 = 5_000, upstreamResponse: Int64 = 60_000,
            upstreamIdle: Int64 = 300_000, upstreamKeepAlive: Int64 = 30_000, upstreamLifetime: Int64 = 1_800_000,
            drain: Int64 = 30_000
        ) {
            self.head = head
            self.idle = idle
            self.stall = stall
            self.tunnel = tunnel
            self.pending = pending
            self.upstreamConnect = upstreamConnect
            self.upstreamResponse = upstreamResponse
            self.upstreamIdle = upstreamIdle
            self.upstreamKeepAlive = upstreamKeepAlive
            self.upstreamLifetime = upstreamLifetime
            self.drain = drain
        }
    }

    /// `[log]`: what is logged, and in which form.
    public struct Log: Sendable, Equatable {
        /// The least severe level that is written; the names are those of swift-log.
        public enum Level: String, Sendable, Equatable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        /// The form of a line.
        public enum Format: String, Sendable, Equatable, CaseIterable {
            /// ``human`` on a terminal, ``json`` otherwise.
            case auto
            /// Text for people.
            case human
            /// One JSON object a line.
            case json
        }

        /// Default: ``Level/info``.
        public var level: Level
        /// Default: ``Format/auto``.
        public var format: Format
        /// The line for every request.
        public var access: AccessLog

        /// Creates the section; the defaults are the documented ones.
        public init(level: Level = .info, format: Format = .auto, access: AccessLog = AccessLog()) {
            self.level = level
            self.format = format
            self.access = access
        }
    }
}
