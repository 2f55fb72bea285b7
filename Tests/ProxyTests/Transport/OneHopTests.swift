import NIOCore
import Testing

@testable import Proxy

/// What is said about one connection has to be listed as such, and what only a connection can say has to be said by it.
@Suite("One hop", .timeLimit(.minutes(1)))
struct OneHopTests {
    @Test("TE and the Upgrade of a 426 go on, and Connection lists them (RFC 9110 §7.8, §10.1.4, §15.5.22)")
    func listed() async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: TE\r\nTE: trailers\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        let head = "GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n"
        #expect(try await upstream.readHead() == head)
        let answer = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n"
        try await upstream.send(answer)
        #expect(try await client.readHead() == answer)
        try await client.close()
        try await harness.stop()
    }

    @Test("an answer without framing that is cut off ends in a reset, a whole one does not", arguments: [true, false])
    func cutOff(isCutOff: Bool) async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        _ = try await client.readHead()
        #expect(try await client.read(5) == "hello")
        if isCutOff { try await upstream.close() } else { try await upstream.send("0\r\n\r\n") }
        #expect(try await client.readToEnd() == "")
        #expect(client.hasFailed == isCutOff)
        try await client.close()
        try await harness.stop()
    }

    @Test("a body may end with its connection, but not with a reset of it (RFC 9112 §8)", arguments: [true, false])
    func untilClose(isReset: Bool) async throws {
        let harness = try await Harness.start()
        let client = try await harness.connect()
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let upstream = try await harness.upstream.accept()
        _ = try await upstream.readHead()
        try await upstream.send("HTTP/1.1 200 OK\r\n\r\nhello")
        #expect(try await client.readHead() == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try await client.read(through: "hello\r\n") == "5\r\nhello\r\n")
        if isReset { try await upstream.reset() } else { try await upstream.close() }
        if isReset {
            #expect(try await client.readToEnd() == "", "a last chunk would say that this is all")
        } else {
            #expect(try await client.read(through: "\r\n\r\n") == "0\r\n\r\n")
        }
        try await client.close()
        try await harness.stop()
    }
}
