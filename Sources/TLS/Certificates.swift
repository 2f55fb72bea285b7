public import Configuration
internal import NIOConcurrencyHelpers

/// The certificates in force, found by name. Immutable; made anew when files change.
public struct Certificates: Sendable {
    /// In the order of the configuration.
    public let all: [Certificate]
    private let exact: [String: Certificate]
    private let wildcards: [String: Certificate]

    /// Of two certificates for the same name the first counts.
    public init(_ all: [Certificate] = []) {
        self.all = all
        var exact: [String: Certificate] = [:]
        var wildcards: [String: Certificate] = [:]
        for certificate in all {
            for name in certificate.names {
                switch name {
                case .exact(let name): exact[name] = exact[name] ?? certificate
                case .wildcard(let name): wildcards[name] = wildcards[name] ?? certificate
                }
            }
        }
        self.exact = exact
        self.wildcards = wildcards
    }

    /// The certificate for a name in lower case without final dot: one that has the very name, else one with a wildcard,
    /// which stands for exactly one label (RFC 9525 §6.3). Nil if there is none.
    public func certificate(for name: String) -> Certificate? {
        if let certificate = exact[name] { return certificate }
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
        return wildcards[String(name[name.index(after: dot)...])]
    }

    /// The certificate that a domain's browsers will be shown; for a wildcard one that holds for all its names.
    public func certificate(for pattern: HostPattern) -> Certificate? {
        switch pattern {
        case .exact(let name): certificate(for: name)
        case .wildcard(let name): wildcards[name]
        }
    }
}

/// Where listeners look for certificates: handshakes that begin after a change use the new ones.
public final class CertificateTable: Sendable {
    private let box: NIOLockedValueBox<Certificates>

    /// Begins with these.
    public init(_ certificates: Certificates) { box = NIOLockedValueBox(certificates) }

    /// Those in force.
    public var current: Certificates { box.withLockedValue { $0 } }

    /// Puts others in force for the handshakes that begin from now on; open connections go on as they are.
    public func replace(_ certificates: Certificates) { box.withLockedValue { $0 = certificates } }
}
