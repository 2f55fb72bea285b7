extension Configuration {
    /// `[tls]`: how https is spoken. The certificates are named here and read by whoever serves with them.
    public struct TLS: Sendable, Equatable {
        /// The oldest version of TLS that is spoken.
        public enum Version: String, Sendable, Equatable, CaseIterable {
            /// TLS 1.2 (RFC 5246) and 1.3.
            case tls12 = "1.2"
            /// TLS 1.3 (RFC 8446) alone.
            case tls13 = "1.3"
        }

        /// Default: ``Version/tls12``.
        public var minVersion: Version
        /// Where the certificates are, in the order of the file: of two for the same name the first counts.
        public var certificates: [CertificateFile]

        /// Creates the section; the defaults are the documented ones.
        public init(minVersion: Version = .tls12, certificates: [CertificateFile] = []) {
            self.minVersion = minVersion
            self.certificates = certificates
        }
    }

    /// `[[tls.certificate]]`: a file with a certificate, or a folder with many.
    public struct CertificateFile: Sendable, Equatable {
        /// The PEM file with the certificate and those that lead to its root, or a folder.
        public var cert: String
        /// The PEM file with its key; nil: it is in the same file or beside it.
        public var key: String?
        /// The file that names it; empty if none.
        public var file: String
        /// The line in that file, from 1; 0 if none.
        public var line: Int
        /// The column in that line, from 1; 0 if none.
        public var column: Int

        /// Creates an entry.
        public init(cert: String, key: String? = nil, file: String = "", line: Int = 0, column: Int = 0) {
            self.cert = cert
            self.key = key
            self.file = file
            self.line = line
            self.column = column
        }
    }
}
