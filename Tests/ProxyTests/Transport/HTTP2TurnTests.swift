import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite("HTTP/2: what leaves when, on a clock that the test moves")
struct HTTP2TurnTests {
    /// Phases that answer when the test says so.
    private final class Waiting: Phases {
        private var promises: [EventLoopPromise<RequestVerdict>] = []
        private(set) var timesIdle = 0

        func request(_ x: Exchange) -> RequestVerdict {
            let promise = x.eventLoop.makePromise(of: RequestVerdict.self)
            promises.append(promise)
            return .later(promise.futureResult)
        }

        func response(_ x: Exchange) -> ResponseVerdict { .forward(transform: nil) }

        func done(_ x: Exchange, _ outcome: Outcome) {}

        func letGo() { timesIdle += 1 }

        func answerAll() {
            for promise in promises { promise.assumeIsolated().succeed(.respond(LocalResponse(status: 204))) }
            promises = []
        }
    }

    private let phases = Waiting()
    private let proxy: EmbeddedProxy
    private let client: EmbeddedChannel

    init() throws {
        var settings = TransportSettings()
        settings.idleTimeout = .seconds(20)
        proxy = try EmbeddedProxy(settings)
        client = EmbeddedChannel(loop: proxy.loop)
        let handlers = ClientHandlers(proxy.state, areTrusted: false, makePhases: { [phases] in phases })
        try client.pipeline.syncOperations.addHandler(handlers.http1(ClientOrigin(of: client)))
        try client.connect(to: SocketAddress(unixDomainSocketPath: "/client")).wait()
        _ = try exchange(HTTP2Tests.preface + HTTP2Tests.frame(4, 0, 0, []))
    }

    /// Sends frames; the kinds of those that have been written since, one list for each write.
    private func exchange(_ bytes: [UInt8]) throws -> [[UInt8]] {
        if !bytes.isEmpty { try client.writeInbound(ByteBuffer(bytes: bytes)) }
        proxy.loop.run()
        var writes: [[UInt8]] = []
        while let buffer = try client.readOutbound(as: ByteBuffer.self) {
            var kinds: [UInt8] = []
            var scanner = HTTP2FrameScanner(expectsPreface: false)
            buffer.withUnsafeReadableBytes { bytes in scanner.scan(bytes) { kinds.append($0.type) } }
            writes.append(kinds)
        }
        return writes
    }

    @Test("answers that are there in one turn of the loop leave in one write")
    func together() throws {
        #expect(try exchange(HTTP2Tests.get(1) + HTTP2Tests.get(3) + HTTP2Tests.get(5)).isEmpty)
        phases.answerAll()
        #expect(try exchange([]) == [[1, 1, 1]])
        #expect(try exchange(HTTP2Tests.get(7)).isEmpty)
        phases.answerAll()
        #expect(try exchange([]) == [[1]])
    }

    @Test("a connection without streams lets go of what it does not need, and is told of its end later")
    func idle() throws {
        proxy.advance(.seconds(4))
        #expect(phases.timesIdle == 0)
        proxy.advance(.seconds(2))
        #expect(phases.timesIdle == 1)
        _ = try exchange(HTTP2Tests.get(1))
        proxy.advance(.seconds(15))
        #expect(phases.timesIdle == 1, "a stream is open")
        phases.answerAll()
        #expect(try exchange([]) == [[1]])
        proxy.advance(.seconds(6))
        #expect(phases.timesIdle == 2)
        #expect(try exchange(HTTP2Tests.get(3)).isEmpty)
        phases.answerAll()
        #expect(try exchange([]) == [[1]])
        proxy.advance(.seconds(19))
        #expect(phases.timesIdle == 3)
        #expect(try exchange([]).isEmpty)
        proxy.advance(.seconds(1))
        // GOAWAY and PING.
        #expect(try exchange([]).joined().elementsEqual([7, 6]))
    }
}
