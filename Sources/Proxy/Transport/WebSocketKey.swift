import Crypto
import NIOCore

/// The key of a WebSocket's opening handshake towards the upstream, which HTTP/2 clients do not send (RFC 8441 §5).
struct WebSocketKey {
    /// What both sides add to the key (RFC 6455 §1.3).
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Sixteen random bytes in base64.
    let text: [UInt8]

    init(random: inout some RandomNumberGenerator) {
        var bytes: [UInt8] = []
        for _ in 0..<2 { withUnsafeBytes(of: random.next()) { bytes += $0 } }
        text = Base64.encoded(bytes)
    }

    /// What an upstream answers that has understood.
    var accept: [UInt8] { Base64.encoded(Array(Insecure.SHA1.hash(data: text + Array(Self.suffix.utf8)))) }
}

extension HTTP2Stream {
    func makeWebSocketKey() -> ByteBuffer {
        var random = SystemRandomNumberGenerator()
        let key = WebSocketKey(random: &random)
        webSocketKey = key
        return ByteBuffer(bytes: key.text)
    }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let padded = group + [UInt8](repeating: 0, count: 3 - group.count)
            let word = padded.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            for place in 0..<4 {
                text.append(place <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 0x3F)] : 0x3D)
            }
        }
        return text
    }
}
