public import Configuration
internal import NIOSSL

/// Reads the files that the `tls_…` settings of domain lists name, and makes what handshakes with upstreams need.
public struct UpstreamTLSFiles {
    /// What came of it.
    public struct Loaded: Sendable {
        /// One for each set of settings that a domain with an `https://` upstream has; complete only without mistakes.
        public var contexts: [UpstreamAccess.TLS: UpstreamTLS] = [:]
        /// What makes them unusable.
        public var mistakes: [ConfigurationIssue] = []
        /// The files whose change is a reason to read all again.
        public var watchedFiles: [String] = []

        /// Creates an empty result.
        public init() {}
    }

    private let previous: [UpstreamAccess.TLS: UpstreamTLS]
    private var loaded = Loaded()

    /// Reads everything. Blocks for as long as the file system does.
    ///
    /// - Parameter previous: what is in force; what would be the same again is kept, and so are the connections made with
    ///   it.
    public static func load(
        _ configuration: Configuration, keeping previous: [UpstreamAccess.TLS: UpstreamTLS] = [:]
    ) -> Loaded {
        var reader = UpstreamTLSFiles(previous: previous)
        for domain in configuration.groups.flatMap(\.domains) where domain.upstreams.contains(where: \.isSecure) {
            reader.read(domain)
        }
        return reader.loaded
    }

    private init(previous: [UpstreamAccess.TLS: UpstreamTLS]) { self.previous = previous }

    private mutating func read(_ domain: Domain) {
        let settings = domain.access.tls
        guard loaded.contexts[settings] == nil else { return }
        var files = UpstreamTLS.Files()
        guard let ca = contents(settings.ca, "tls_ca", domain), let cert = contents(settings.cert, "tls_cert", domain),
            let key = contents(settings.key, "tls_key", domain)
        else { return }
        files.ca = ca
        files.cert = cert
        files.key = key
        if let kept = previous[settings], kept.files == files {
            loaded.contexts[settings] = kept
            return
        }
        guard let authorities = certificates(in: ca, settings.ca, "tls_ca", domain),
            let chain = certificates(in: cert, settings.cert, "tls_cert", domain),
            let privateKey = privateKey(in: settings.key == nil ? cert : key, domain)
        else { return }
        do {
            loaded.contexts[settings] = try UpstreamTLS(
                settings: settings, files: files, authorities: settings.ca == nil ? nil : authorities, chain: chain,
                key: privateKey.key)
        } catch {
            // BoringSSL looks at nothing else here.
            report(
                domain, "tls_cert: the key does not belong to the first certificate",
                ["the certificate comes first, then those that lead to its root; renew both files together"])
        }
    }

    // MARK: Parts

    /// The bytes of a file, none if no file is named; nil if it cannot be read.
    private mutating func contents(_ path: String?, _ key: String, _ domain: Domain) -> [UInt8]? {
        guard let path else { return [] }
        if !loaded.watchedFiles.contains(path) { loaded.watchedFiles.append(path) }
        do {
            return try FileBytes.read(path, limit: 4 << 20)
        } catch {
            report(domain, "\(key): cannot read \(Display.quote(path)): \(error.reason)", error.remedy)
            return nil
        }
    }

    private mutating func certificates(
        in bytes: [UInt8], _ path: String?, _ key: String, _ domain: Domain
    ) -> [NIOSSLCertificate]? {
        guard let path else { return [] }
        if let found = PEM.certificates(in: bytes) { return found }
        report(
            domain, "\(key): there is no certificate in PEM form in \(Display.quote(path)), or it is damaged",
            [PEM.certificateRemedy])
        return nil
    }

    /// The key in `bytes`, if the settings have a certificate at all; nil if there should be one and is not.
    private mutating func privateKey(in bytes: [UInt8], _ domain: Domain) -> (key: NIOSSLPrivateKey?, Void)? {
        guard domain.access.tls.cert != nil else { return (nil, ()) }
        guard !PEM.isKeyEncrypted(bytes) else {
            report(domain, "tls_key: the key is protected by a passphrase", [PEM.passphraseRemedy])
            return nil
        }
        do {
            return (try NIOSSLPrivateKey(bytes: bytes, format: .pem), ())
        } catch {
            report(
                domain, "tls_cert: there is no key in PEM form",
                ["put it into the same file, or name its file: tls_key=FILE"])
            return nil
        }
    }

    private mutating func report(_ domain: Domain, _ message: String, _ remedy: [String]) {
        loaded.mistakes.append(
            ConfigurationIssue(file: domain.file, line: domain.line, column: 1, message: message, remedy: remedy))
    }
}
