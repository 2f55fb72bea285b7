/// What the first bytes of a connection are, as far as it takes to choose a certificate.
///
/// BoringSSL reads the same bytes again and judges the rest of them. They are read here because an unknown name must be
/// answered with the alert that RFC 6066 §3 has for it, which a certificate callback cannot send.
public enum ClientHello: Equatable, Sendable {
    /// Not yet all of it.
    case incomplete
    /// A client that asks for this name, in lower case and without final dot. Any characters may be in it.
    case name(String)
    /// A client that says no name.
    case noName
    /// What looks like a request without TLS.
    case cleartext
    /// Neither.
    case malformed

    /// How many bytes may come before the hello is complete: its own limit is 16 KiB, records around it included.
    public static let largest = 32 * 1024

    /// Reads the bytes that have arrived since the connection began.
    public init(reading bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else {
            self = .incomplete
            return
        }
        guard first == Self.handshakeRecord else {
            // Every method of HTTP begins with a letter, and no record of TLS does.
            self = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) ? .cleartext : .malformed
            return
        }
        do {
            guard let message = try Self.message(in: bytes) else {
                self = bytes.count < Self.largest ? .incomplete : .malformed
                return
            }
            self = try message.withUnsafeBytes { try Self.serverName(in: $0) }.map { .name($0) } ?? .noName
        } catch {
            self = .malformed
        }
    }

    private static let handshakeRecord: UInt8 = 22  // RFC 8446 §5.1
    private static let clientHello: UInt8 = 1  // RFC 8446 §4
    private static let largestRecord = 1 << 14  // RFC 8446 §5.1
    private static let largestMessage = 1 << 14
    private static let largestRecordCount = 16  // real clients need one or two
    private static let serverNameExtension = 0  // RFC 6066 §1.1
    private static let hostName: UInt8 = 0  // RFC 6066 §3
    private static let longestName = 255

    private struct Malformed: Error {}

    /// Takes the hello's body out of the records it came in; nil as long as a part is missing.
    private static func message(in bytes: UnsafeRawBufferPointer) throws(Malformed) -> [UInt8]? {
        var reader = Reader(bytes)
        var message: [UInt8] = []
        var wanted = 4
        var records = 0
        while message.count < wanted {
            guard let header = reader.take(5) else { return nil }
            // Every piece that arrives is read from the start: a hello in thousands of records would cost too much.
            records += 1
            guard records <= largestRecordCount else { throw Malformed() }
            let length = Int(header[3]) << 8 | Int(header[4])
            guard header[0] == handshakeRecord, header[1] == 3, length > 0, length <= largestRecord else {
                throw Malformed()
            }
            let payload = reader.take(min(length, reader.count))
            message.append(contentsOf: payload ?? UnsafeRawBufferPointer(start: nil, count: 0))
            if message.count >= 4 {
                wanted = 4 + (Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3]))
                guard message[0] == clientHello, wanted <= largestMessage else { throw Malformed() }
            }
            // The rest of this record has not arrived.
            if (payload?.count ?? 0) < length, message.count < wanted { return nil }
        }
        return Array(message[4..<wanted])
    }

    /// Finds the name in the body of a hello (RFC 8446 §4.1.2, the same in RFC 5246 §7.4.1.2); nil if there is none.
    private static func serverName(in body: UnsafeRawBufferPointer) throws(Malformed) -> String? {
        var hello = Reader(body)
        // Version and random, session id, cipher suites, compression methods.
        guard hello.take(2 + 32) != nil, hello.takeVector(lengthBytes: 1) != nil,
            hello.takeVector(lengthBytes: 2) != nil, hello.takeVector(lengthBytes: 1) != nil
        else { throw Malformed() }
        if hello.count == 0 { return nil }
        guard var extensions = hello.takeVector(lengthBytes: 2), hello.count == 0 else { throw Malformed() }
        var found: String?
        while extensions.count > 0 {
            guard let type = extensions.takeInteger(2), let data = extensions.takeVector(lengthBytes: 2) else {
                throw Malformed()
            }
            guard type == serverNameExtension else { continue }
            guard found == nil else { throw Malformed() }
            found = try hostName(in: data)
        }
        return found
    }

    /// The one host name of a `server_name` extension; nobody has ever defined another kind of name.
    private static func hostName(in data: Reader) throws(Malformed) -> String {
        var data = data
        guard var list = data.takeVector(lengthBytes: 2), data.count == 0, list.takeInteger(1) == Int(hostName),
            let name = list.takeVector(lengthBytes: 2), list.count == 0, (1...longestName).contains(name.count)
        else { throw Malformed() }
        let text = String(decoding: name.rest, as: UTF8.self).lowercased()
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

/// Reads numbers and length-prefixed vectors (RFC 8446 §3.4) from the front of some bytes; nil is "not so many left".
private struct Reader {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    var count: Int { rest.count }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }

    mutating func takeInteger(_ bytes: Int) -> Int? { take(bytes)?.reduce(0) { $0 << 8 | Int($1) } }

    mutating func takeVector(lengthBytes: Int) -> Reader? {
        guard let length = takeInteger(lengthBytes) else { return nil }
        return take(length).map { Reader($0) }
    }
}
