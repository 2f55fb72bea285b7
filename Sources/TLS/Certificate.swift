public import Configuration
internal import NIOCore
public import NIOSSL

/// A certificate at work: the names it is for, and what handshakes with it need.
public final class Certificate: Sendable {
    /// The file it was read from.
    public let file: String
    /// The names of its `subjectAltName` extension (RFC 5280 §4.2.1.6); the common name counts for nothing (RFC 9525 §2).
    public let names: [HostPattern]
    /// Unix times in seconds between which it is valid.
    public let validity: ClosedRange<Int64>
    /// Makes the server's side of a connection. Session tickets of one certificate open under no other.
    public let context: NIOSSLContext
    private let chain: [NIOSSLCertificate]
    private let key: NIOSSLPrivateKey

    /// Puts a chain, its own certificate first, and its key to work.
    ///
    /// - Throws: `NIOSSLError.failedToLoadPrivateKey` if the key does not belong to the certificate.
    init(
        file: String, names: [HostPattern], chain: [NIOSSLCertificate], key: NIOSSLPrivateKey,
        minVersion: Configuration.TLS.Version, offersHTTP2: Bool = true
    ) throws {
        self.file = file
        self.names = names
        self.chain = chain
        self.key = key
        let from = Int64(chain.first?.notValidBefore ?? 0)
        validity = from...max(from, Int64(chain.first?.notValidAfter ?? 0))
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        settings.minimumTLSVersion = minVersion == .tls13 ? .tlsv13 : .tlsv12
        settings.cipherSuites = Self.cipherSuites
        settings.applicationProtocols = Self.applicationProtocols(offersHTTP2)
        // How long to wait for the client's close_notify; the wait after an early answer on TCP is as long.
        settings.shutdownTimeout = .seconds(2)
        context = try NIOSSLContext(configuration: settings)
    }

    /// Whether another certificate would do exactly the same, so that this one, and its session tickets, can stay.
    func isSame(
        chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, minVersion: Configuration.TLS.Version, offersHTTP2: Bool
    ) -> Bool {
        let version: TLSVersion = minVersion == .tls13 ? .tlsv13 : .tlsv12
        return self.chain == chain && self.key == key && context.configuration.minimumTLSVersion == version
            && context.configuration.applicationProtocols == Self.applicationProtocols(offersHTTP2)
    }

    /// For TLS 1.2 those of Mozilla's intermediate configuration (version 5.7) that BoringSSL has: forward secrecy and
    /// authenticated encryption in all of them. The five of TLS 1.3 are not for choice.
    private static let cipherSuites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")

    /// What is offered by ALPN (RFC 7301), best first.
    private static func applicationProtocols(_ offersHTTP2: Bool) -> [String] {
        offersHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
    }
}
