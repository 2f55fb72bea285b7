/// What a proxy says about a connection before its first byte: HAProxy's PROXY protocol, versions 1 and 2
/// (`proxy-protocol.txt`).
///
/// Reading has no state: whoever receives the bytes keeps them until there is an answer, which does not depend on the
/// pieces in which they came.
public struct ProxyHeader: Hashable, Sendable {
    /// Where the connection comes from.
    public enum Source: Hashable, Sendable {
        /// The proxy itself made it, to see whether we are alive: its own address is the client's.
        case proxy
        /// A client that the proxy does not name, or not by an IP address.
        case unknown
        /// This client.
        case client(IPAddress, port: UInt16)
    }

    /// The client.
    public let source: Source
    /// How many bytes the header has, which are not part of what the client sent.
    public let length: Int

    /// A header that has been read elsewhere, or is expected by a test.
    public init(source: Source, length: Int) {
        self.source = source
        self.length = length
    }

    /// The most bytes that a header may have in version 1, its line end included (§2.1).
    public static let longestLine = 107
    /// The most bytes that are taken in version 2, which would allow 65,551: what follows the addresses are extras, the
    /// largest of which are certificates.
    public static let longestBinary = 16 * 1024

    /// Reads the header that `bytes` begin with.
    ///
    /// - Returns: nil if more bytes are needed.
    /// - Throws: ``ProxyHeaderError`` if these bytes begin no valid header, whatever comes after them.
    public static func read(_ bytes: UnsafeRawBufferPointer) throws(ProxyHeaderError) -> ProxyHeader? {
        guard let first = bytes.first else { return nil }
        return first == signature.first ? try readBinary(bytes) : try readLine(bytes)
    }

    /// Whether `bytes` are the beginning of `expected`, or begin with it.
    static func agree(_ bytes: UnsafeRawBufferPointer, with expected: [UInt8]) -> Bool {
        zip(bytes, expected).allSatisfy { $0 == $1 }
    }
}

/// Why the beginning of a connection is no valid header of the PROXY protocol.
public enum ProxyHeaderError: String, Error, Sendable, CaseIterable {
    /// It begins like neither version: somebody speaks to us directly.
    case absent
    /// A line of version 1 that does not end within 107 bytes.
    case tooLong = "too_long"
    /// A line of version 1 that is not as the standard has it.
    case malformedLine = "malformed_line"
    /// A version, command, family or length in version 2 that the standard does not have.
    case malformedBinary = "malformed_binary"
    /// An extra of version 2 that is longer than the header.
    case malformedExtras = "malformed_extras"
    /// The checksum in version 2 is of other bytes.
    case wrongChecksum = "wrong_checksum"
}
