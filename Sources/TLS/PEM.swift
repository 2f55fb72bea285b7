internal import Configuration
internal import NIOSSL

#if canImport(Glibc)
    internal import Glibc
#endif

/// What can be told of a PEM file (RFC 7468) without reading what is in its blocks.
enum PEM {
    static func holdsCertificate(_ bytes: [UInt8]) -> Bool { contains("-----BEGIN CERTIFICATE-----", bytes) }

    static func holdsKey(_ bytes: [UInt8]) -> Bool { contains("PRIVATE KEY-----", bytes) }

    /// PKCS #8 says so in its label, the older forms in a header (RFC 1421 §4.6.1.1).
    static func isKeyEncrypted(_ bytes: [UInt8]) -> Bool {
        contains("BEGIN ENCRYPTED PRIVATE KEY-----", bytes) || contains("Proc-Type: 4,ENCRYPTED", bytes)
    }

    /// The certificates in a file; nil if it holds none, or one that is damaged.
    static func certificates(in bytes: [UInt8]) -> [NIOSSLCertificate]? {
        do {
            let found = try NIOSSLCertificate.fromPEMBytes(bytes)
            return found.isEmpty ? nil : found
        } catch {
            // Whoever asks says it in words that help more than BoringSSL's.
            return nil
        }
    }

    /// What to do where ``certificates(in:)`` finds none.
    static let certificateRemedy =
        "it begins with -----BEGIN CERTIFICATE-----; \"openssl x509 -inform der\" turns DER into it"

    /// What to do about a key that ``isKeyEncrypted(_:)``.
    static let passphraseRemedy =
        "store it without one, readable for Tombolo's user only: openssl pkey -in OLD -out NEW"

    private static func contains(_ text: String, _ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    /// The host names that a certificate is for; addresses and names that no host can have are left out.
    static func names(of certificate: NIOSSLCertificate) -> [HostPattern] {
        certificate._subjectAlternativeNames().compactMap { name in
            guard name.nameType == .dnsName else { return nil }
            return HostPattern(name: String(decoding: name.contents, as: UTF8.self))
        }
    }
}

/// Folders.
enum Folder {
    /// The names in a folder, sorted; nil if there is no folder of that name.
    static func entries(_ path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
