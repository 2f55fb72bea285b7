import NIOCore
import Testing

@testable import HTTPWire

/// Valid messages, damaged at random: nothing may trap, and how the bytes are cut may not matter.
@Suite struct MutationTests {
    static let requests = [
        "GET /a?b HTTP/1.1\r\nHost: shop.example:80\r\nConnection: keep-alive, X-A\r\nX-A: 1\r\n\r\n",
        "POST http://a/b HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
        "\r\nPUT / HTTP/1.0\r\nContent-Length: 10\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX_Forwarded_For: x\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nConnection: X-B\r\nX-B: 1\r\n\r\n",
        "HTTP/1.0 304\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
    ]
    static let bodies = [
        "5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nA: b\r\nHost: c\r\nD: e\r\n\r\n", "0\r\n\r\n",
        "1\r\na\r\n0;z\r\nE: f\r\n\r\n",
    ]

    /// Bytes that mean something to one parser or another.
    private static let telling = Array("\r\n\0\t :;,0189afgxAZ/?#@[]%\"\u{7F}_.-".utf8) + [0x85, 0xA0, 0xFF]

    private static func mutate(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            let byte = telling[Int.random(in: telling.indices, using: &random)]
            switch UInt8.random(in: 0..<6, using: &random) {
            case 0: bytes[index] = byte
            case 1: bytes.insert(byte, at: index)
            case 2: bytes.remove(at: index)
            case 3: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 4: bytes.removeSubrange(index..<min(bytes.count, index + 8))
            default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 24)], at: index)
            }
        }
        return bytes
    }

    /// Byte by byte, and in up to four pieces at random places.
    private static func cuts(_ bytes: [UInt8], _ random: inout Generator) -> [[ArraySlice<UInt8>]] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        for _ in 0..<3 {
            let count = Int.random(in: 0...rest.count, using: &random)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return [bytes.indices.map { bytes[$0...$0] }, pieces + [rest]]
    }

    /// Calls `compare` with each mutation and its cuts; it answers the outcome, or nil if they disagree.
    private func forEachMutation(
        of seeds: [String], count: Int, seed: UInt64, _ compare: ([ArraySlice<UInt8>], [ArraySlice<UInt8>]) -> String?
    ) {
        var random = Generator(state: seed)
        var understood = 0
        for round in 0..<count {
            let bytes = Self.mutate(Array(seeds[round % seeds.count].utf8), &random)
            for cut in Self.cuts(bytes, &random) {
                guard let outcome = compare([bytes[...]], cut) else {
                    Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self).escaped)")
                    return
                }
                if outcome == "ok" || outcome == "end" { understood += 1 }
            }
        }
        // Damage that always is, or never is, noticed would test only half of the code.
        #expect(understood > count / 50 && understood < count)
    }

    @Test(arguments: [HeadLimits(), HeadLimits(maxBytes: 80, maxFields: 3, maxLine: 35)])
    func requests(limits: HeadLimits) {
        forEachMutation(of: Self.requests, count: 8000, seed: 1) { whole, cut in
            var (first, head) = parseRequest(whole, limits: limits)
            var (second, other) = parseRequest(cut, limits: limits)
            guard first.outcome == "ok" else { return first == second ? first.outcome : nil }
            head.removeHopByHop()
            other.removeHopByHop()
            head.removeAll(foldingTo: [FoldedName("x-a")])
            other.removeAll(foldingTo: [FoldedName("x-a")])
            first.facts.append(written(head))
            second.facts.append(written(other))
            return first == second && isUnderstoodAgain(head) ? "ok" : nil
        }
    }

    /// What goes upstream must be a request that we would accept ourselves, with the same framing.
    private func isUnderstoodAgain(_ head: RequestHead) -> Bool {
        guard head.version == .http11 else { return true }
        var buffer = ByteBuffer()
        head.writeHead(into: &buffer)
        let (result, again) = parseRequest([(Array(buffer.readableBytesView) + [13, 10])[...]])
        return result.outcome == "ok" && result.left == 0 && again.framing == head.framing
            && again.knownMethod == head.knownMethod
    }

    @Test(arguments: [HeadLimits(), HeadLimits(maxBytes: 80, maxFields: 3, maxLine: 35)])
    func responses(limits: HeadLimits) {
        forEachMutation(of: Self.responses, count: 4000, seed: 2) { whole, cut in
            let result = parseResponse(whole, limits: limits).0
            return result == parseResponse(cut, limits: limits).0 ? result.outcome : nil
        }
    }

    @Test(arguments: [HeadLimits(), HeadLimits(maxBytes: 20, maxFields: 2, maxLine: 9)])
    func chunkedBodies(limits: HeadLimits) {
        forEachMutation(of: Self.bodies, count: 8000, seed: 3) { whole, cut in
            let result = readBody(whole, limits: limits)
            return result == readBody(cut, limits: limits) ? result.outcome : nil
        }
    }
}
