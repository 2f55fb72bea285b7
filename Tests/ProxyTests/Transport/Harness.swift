import HTMLInjection
import HTTPWire
import NIOCore
import NIOPosix
import Testing

@testable import Proxy

/// Phases made of closures; everything goes to one upstream unless a test says otherwise.
final class TestPhases: Phases {
    struct Log: Sendable {
        var outcomes: [Outcome] = []
        var requests: [String] = []
        /// How often a connection was told to let go.
        var letGo = 0
    }
    func letGo() { log.withLockedValue { $0.letGo += 1 } }

    var onRequest: (Exchange) -> RequestVerdict
    var onResponse: (Exchange) -> ResponseVerdict
    let log: Locked<Log>

    init(
        log: Locked<Log>, onRequest: @escaping (Exchange) -> RequestVerdict,
        onResponse: @escaping (Exchange) -> ResponseVerdict
    ) {
        self.log = log
        self.onRequest = onRequest
        self.onResponse = onResponse
    }

    func request(_ x: Exchange) -> RequestVerdict {
        let target = x.requestHead.string(x.requestHead.target)
        log.withLockedValue { $0.requests.append(target) }
        return onRequest(x)
    }

    func response(_ x: Exchange) -> ResponseVerdict { onResponse(x) }

    func done(_ x: Exchange, _ outcome: Outcome) { log.withLockedValue { $0.outcomes.append(outcome) } }
}

/// A proxy on a loopback port in front of one scripted upstream.
struct Harness: Sendable {
    /// One loop, so that the pool's behaviour is the same in every run.
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    let server: ProxyServer
    let upstream: RawServer
    let address: SocketAddress
    let log: Locked<TestPhases.Log>

    static func start(
        _ settings: TransportSettings = TransportSettings(),
        upstreamAddress: Upstream.Address? = nil,
        onRequest: (@Sendable (Exchange, Upstream) -> RequestVerdict)? = nil,
        onResponse: (@Sendable (Exchange) -> ResponseVerdict)? = nil
    ) async throws -> Harness {
        let upstream = try await RawServer.start()
        let log = Locked(TestPhases.Log())
        let target = Upstream(
            upstreamAddress ?? .tcp(host: "127.0.0.1", port: upstream.address.port ?? 0))
        let server = ProxyServer(group: group, settings: settings, wallClock: { 784_111_777 }) { _ in
            TestPhases(
                log: log, onRequest: { onRequest?($0, target) ?? .forward(target) },
                onResponse: { onResponse?($0) ?? .forward(transform: nil) })
        }
        let address = try await server.listen()
        return Harness(server: server, upstream: upstream, address: address, log: log)
    }

    func connect(receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await RawConnection.connect(to: address, receiveBuffer: receiveBuffer)
    }

    /// Lets the proxy's loop and the test's loops take some turns.
    func settled() async throws {
        for _ in 0..<10 {
            try await Self.group.any().submit {}.get()
            for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
        }
    }

    func stop() async throws {
        try await server.close()
        // A connection to the upstream that was still being opened is closed when it is there.
        for _ in 0..<500 where server.counters.activeUpstreamConnections > 0 { try await settled() }
        try await upstream.close()
        // Whatever happened, nothing is left behind or counted twice.
        let counters = server.counters
        #expect(counters.activeConnections == 0)
        #expect(counters.activeUpstreamConnections == 0)
        #expect(counters.activeTunnels == 0)
        #expect(counters.requests == log.withLockedValue { $0.outcomes.count })
    }
}

/// That somebody ran into this limit once, and into no other.
func expect(_ limit: Limit, in counters: TransportCounters) {
    for other in Limit.allCases { #expect(counters[other] == (other == limit ? 1 : 0), "\(other.name)") }
}

extension ProxyServer {
    /// Listens on a free loopback port, and returns where.
    func listen(_ mode: ListenerMode = ListenerMode()) async throws -> SocketAddress {
        let socket = try ListeningSocket(SocketAddress(ipAddress: "127.0.0.1", port: 0))
        return try await listen(on: socket, mode: mode).socket.address
    }
}

extension LocalResponse {
    init(_ status: Int, _ body: String) { self.init(status: status, body: ByteBuffer(string: body)) }
}
