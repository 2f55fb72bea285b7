public import Configuration
internal import NIOCore
package import NIOSSL

/// What handshakes with an upstream need. Two of them are never equal, so that connections made with one are not used for
/// another.
public final class UpstreamTLS: Sendable, Hashable {
    /// What the domain list says.
    public let settings: UpstreamAccess.TLS
    /// The contents of the files that the settings name.
    let files: Files
    /// Makes the client's side of a connection.
    package let context: NIOSSLContext

    /// The bytes of the files that settings name; empty where they name none.
    struct Files: Equatable, Sendable {
        var ca: [UInt8] = []
        var cert: [UInt8] = []
        var key: [UInt8] = []
    }

    init(
        settings: UpstreamAccess.TLS, files: Files, authorities: [NIOSSLCertificate]?, chain: [NIOSSLCertificate],
        key: NIOSSLPrivateKey?
    ) throws {
        self.settings = settings
        self.files = files
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = settings.verifies ? .fullVerification : .none
        if let authorities { configuration.trustRoots = .certificates(authorities) }
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = key.map { .privateKey($0) }
        configuration.applicationProtocols = ["http/1.1"]
        // An idle connection that is closed waits so long for the upstream's close_notify.
        configuration.shutdownTimeout = .seconds(1)
        context = try NIOSSLContext(configuration: configuration)
    }

    /// The name that is asked for and looked for in the certificate; nil: `host` is an address, which has no SNI, and
    /// the certificate must be for that address.
    package func serverName(for host: String) -> String? {
        settings.name ?? (CIDR.addressBytes(host) == nil ? host : nil)
    }

    public static func == (a: UpstreamTLS, b: UpstreamTLS) -> Bool { a === b }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
