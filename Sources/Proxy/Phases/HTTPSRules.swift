internal import Configuration
internal import HTTPWire
internal import NIOCore

/// A request for another host than its encrypted connection was made for (RFC 9110 §15.5.20).
///
/// Also if one certificate has both names: whoever chose the connection by its name must get what was chosen by it.
enum MisdirectedRequest {
    /// The answer; nil if all is well, as it always is in cleartext.
    static func answer(_ x: Exchange) -> LocalResponse? {
        guard let name = x.serverName, !x.requestHead.withBytes(x.requestHead.host, { HostRouter.names($0, name) })
        else {
            return nil
        }
        let host = x.requestHead.string(x.requestHead.host)
        return ErrorPages.response(for: .misdirected(host, serverName: name), in: x)
    }
}

/// Sends what came in cleartext to the same address with https (`redirect_https`).
struct HTTPSRedirect {
    /// The port that browsers reach https by.
    let port: Int

    /// The answer; nil for a certificate authority's question (RFC 8555 §8.3), which comes before there is a certificate
    /// and must reach whoever answers it.
    func answer(_ x: Exchange) -> LocalResponse? {
        let head = x.requestHead
        if head.withBytes(head.path, { $0.starts(with: Self.challenge) }) { return nil }
        let target = VisitReader.target(head)
        var lines = ByteBuffer()
        lines.writeLine(
            "Location",
            "https://\(head.string(head.hostName))\(port == 443 ? "" : ":\(port)")\(target == "*" ? "/" : target)")
        // 301 lets clients turn a POST into a GET (RFC 9110 §15.4.2), 308 does not.
        let keepsMethod = head.knownMethod != .get && head.knownMethod != .head
        return LocalResponse(status: keepsMethod ? 308 : 301, lines: lines)
    }

    private static let challenge = Array("/.well-known/acme-challenge/".utf8)
}
