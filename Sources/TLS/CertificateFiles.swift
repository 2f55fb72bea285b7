public import Configuration
internal import NIOSSL

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads the certificates that a configuration names, and looks them over.
public struct CertificateFiles {
    /// What came of it.
    public struct Loaded: Sendable {
        /// The certificates; complete only if there are no mistakes.
        public var certificates = Certificates()
        /// What makes them unusable.
        public var mistakes: [ConfigurationIssue] = []
        /// What is allowed and should be known, a line each.
        public var warnings: [String] = []
        /// Files and folders whose change is a reason to read all again.
        public var watchedFiles: [String] = []
    }

    private let settings: Configuration.TLS
    private let offersHTTP2: Bool
    private let previous: Certificates
    private var loaded = Loaded()
    private var all: [Certificate] = []

    /// Reads everything. Blocks for as long as the file system does.
    ///
    /// - Parameters:
    ///   - configuration: names the files, and the domains that need certificates.
    ///   - previous: certificates in force; those that have not changed are kept, so that their session tickets stay good.
    ///   - now: Unix time in seconds.
    public static func load(
        _ configuration: Configuration, keeping previous: Certificates = Certificates(), now: Int64
    ) -> Loaded {
        var files = CertificateFiles(
            settings: configuration.tls, offersHTTP2: configuration.listen.http2, previous: previous)
        for entry in configuration.tls.certificates { files.read(entry) }
        files.loaded.certificates = Certificates(files.all)
        if files.loaded.mistakes.isEmpty {
            files.loaded.warnings += CertificateReview.warnings(
                about: files.loaded.certificates, serving: configuration, now: now)
        }
        return files.loaded
    }

    private init(settings: Configuration.TLS, offersHTTP2: Bool, previous: Certificates) {
        self.settings = settings
        self.offersHTTP2 = offersHTTP2
        self.previous = previous
    }

    // MARK: Which files

    private mutating func read(_ entry: Configuration.CertificateFile) {
        loaded.watchedFiles.append(entry.cert)
        guard let names = Folder.entries(entry.cert) else { return read(entry.cert, key: entry.key, entry) }
        if entry.key != nil {
            return report(
                entry, "key means nothing where cert is a folder",
                ["remove the key; the keys lie beside the certificates in the folder"])
        }
        let before = all.count
        readFolder(entry.cert, names, entry)
        for name in names where !name.hasPrefix(".") {
            let path = "\(entry.cert)/\(name)"
            guard let inner = Folder.entries(path), inner.contains(Self.chainName) else { continue }
            loaded.watchedFiles.append(path)
            readFolder(path, inner, entry)
        }
        if all.count == before, loaded.mistakes.isEmpty {
            loaded.warnings.append("there is no certificate in the folder \(entry.cert) yet")
        }
    }

    /// A folder as certbot makes one for each name has its chain in `fullchain.pem`; in others every `.pem`, `.crt` and
    /// `.cer` file counts that holds a certificate.
    private mutating func readFolder(_ path: String, _ names: [String], _ entry: Configuration.CertificateFile) {
        if names.contains(Self.chainName) { return read("\(path)/\(Self.chainName)", key: nil, entry) }
        for name in names where Self.extensions.contains(where: { name.hasSuffix($0) }) && !name.hasPrefix(".") {
            let file = "\(path)/\(name)"
            // A key of its own, as mkcert writes them, is read with its certificate.
            if let bytes = try? FileBytes.read(file, limit: Self.largest), !PEM.holdsCertificate(bytes) { continue }
            read(file, key: nil, entry)
        }
    }

    /// The key of a certificate lies in the same file, or beside it.
    private func keyFile(of file: String, holding bytes: [UInt8]) -> String? {
        if PEM.holdsKey(bytes) { return file }
        let stem = Self.extensions.first { file.hasSuffix($0) }.map { String(file.dropLast($0.count)) } ?? file
        var candidates = ["\(stem).key", "\(stem)-key.pem"]
        if file.hasSuffix("/\(Self.chainName)") {
            candidates.insert(String(file.dropLast(Self.chainName.count)) + "privkey.pem", at: 0)
        }
        return candidates.first { access($0, F_OK) == 0 }
    }

    private static let chainName = "fullchain.pem"
    private static let extensions = [".pem", ".crt", ".cer"]
    private static let largest = 1 << 20

    // MARK: One certificate

    private mutating func read(_ file: String, key given: String?, _ entry: Configuration.CertificateFile) {
        watch(file)
        guard let bytes = contents(of: file, entry) else { return }
        guard let key = given ?? keyFile(of: file, holding: bytes) else {
            return report(
                entry, "there is no key for \(file)",
                [
                    "put it into the same file, name it like the certificate with .key at the end, or write key = \"FILE\""
                ])
        }
        watch(key)
        guard let keyBytes = key == file ? bytes : contents(of: key, entry) else { return }
        guard let chain = chain(in: bytes, file, entry), let privateKey = privateKey(in: keyBytes, key, entry) else {
            return
        }
        warnOfMode(of: key)
        warnOfOrder(in: chain, file)
        use(chain, privateKey, file: file, keyFile: key, entry)
    }

    private mutating func use(
        _ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey, file: String, keyFile: String,
        _ entry: Configuration.CertificateFile
    ) {
        let names = chain.first.map { PEM.names(of: $0) } ?? []
        guard !names.isEmpty else {
            return report(
                entry, "the certificate in \(file) is for no host name",
                ["it needs names of the kind DNS in its subjectAltName; the common name is not looked at by browsers"])
        }
        if let kept = previous.all.first(where: {
            $0.file == file
                && $0.isSame(chain: chain, key: key, minVersion: settings.minVersion, offersHTTP2: offersHTTP2)
        }) {
            return all.append(kept)
        }
        do {
            all.append(
                try Certificate(
                    file: file, names: names, chain: chain, key: key, minVersion: settings.minVersion,
                    offersHTTP2: offersHTTP2))
        } catch NIOSSLError.failedToLoadPrivateKey {
            report(
                entry, "the key in \(keyFile) does not belong to the first certificate in \(file)",
                ["the site's own certificate comes first, then those that lead to the root; renew both files together"])
        } catch {
            report(entry, "the certificate in \(file) cannot be used: \(error)")
        }
    }

    private mutating func chain(
        in bytes: [UInt8], _ file: String, _ entry: Configuration.CertificateFile
    ) -> [NIOSSLCertificate]? {
        if let chain = PEM.certificates(in: bytes) { return chain }
        report(
            entry, "there is no certificate in PEM form in \(file), or it is damaged", [PEM.certificateRemedy])
        return nil
    }

    private mutating func privateKey(
        in bytes: [UInt8], _ file: String, _ entry: Configuration.CertificateFile
    ) -> NIOSSLPrivateKey? {
        if PEM.isKeyEncrypted(bytes) {
            report(entry, "the key in \(file) is protected by a passphrase", [PEM.passphraseRemedy])
            return nil
        }
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            report(
                entry, "there is no key in PEM form in \(file), or it is damaged",
                ["it has a line with -----BEGIN PRIVATE KEY-----"])
            return nil
        }
    }

    // MARK: What should be known

    private mutating func warnOfMode(of key: String) {
        var status = stat()
        guard stat(key, &status) == 0, status.st_mode & 0o007 != 0 || status.st_mode & 0o020 != 0 else { return }
        loaded.warnings.append("others than its owner have access to the key \(key): chmod o=,g-w \(key)")
    }

    private mutating func warnOfOrder(in chain: [NIOSSLCertificate], _ file: String) {
        for (index, pair) in zip(chain, chain.dropFirst()).enumerated()
        where pair.0.issuerName != pair.1.subjectName {
            loaded.warnings.append(
                "in \(file) certificate \(index + 2) did not issue certificate \(index + 1): some clients need the order "
                    + "from the site's own to the root's")
        }
    }

    // MARK: Parts

    private mutating func watch(_ file: String) {
        if !loaded.watchedFiles.contains(file) { loaded.watchedFiles.append(file) }
    }

    private mutating func contents(of file: String, _ entry: Configuration.CertificateFile) -> [UInt8]? {
        do {
            return try FileBytes.read(file, limit: Self.largest)
        } catch {
            report(entry, "cannot read \(Display.quote(file)): \(error.reason)", error.remedy)
            return nil
        }
    }

    private mutating func report(
        _ entry: Configuration.CertificateFile, _ message: String, _ remedy: [String] = []
    ) {
        loaded.mistakes.append(
            ConfigurationIssue(
                file: entry.file, line: entry.line, column: entry.column, message: "tls.certificate: \(message)",
                remedy: remedy))
    }
}
