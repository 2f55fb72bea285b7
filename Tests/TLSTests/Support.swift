import Configuration
import FoundationEssentials
import Testing

@testable import TLS

#if canImport(Glibc)
    import Glibc
#endif

/// Certificates made by `openssl` in a folder that is gone after the test.
final class Workshop {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/tombolo-tls-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Runs a shell command in the folder.
    func run(_ command: String) throws {
        try #require(system("cd '\(path)' && umask 077 && (\(command)) >/dev/null 2>&1") == 0, "\(command)")
    }

    /// A self-signed certificate for these names: its file, and its key's.
    func make(_ names: [String], cert: String, key: String, days: Int = 90) throws {
        let names = names.map { "DNS:\($0)" }.joined(separator: ",")
        let extensions = names.isEmpty ? "" : "-addext subjectAltName=\(names)"
        try run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout '\(key)' -out '\(cert)' "
                + "-days \(days) -subj /CN=test-\(cert.filter(\.isLetter)) \(extensions)")
    }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file(name))) }

    func load(
        _ entries: [Configuration.CertificateFile], domains: [String] = [],
        minVersion: Configuration.TLS.Version = .tls12, keeping previous: Certificates = Certificates(),
        now: Int64 = Int64(time(nil))
    ) -> CertificateFiles.Loaded {
        var configuration = Configuration(tls: .init(minVersion: minVersion, certificates: entries))
        configuration.listen.https = [.tcp(host: "127.0.0.1", port: 0)]
        let domains = domains.compactMap { HostPattern(name: $0) }.enumerated().map { index, pattern in
            Domain(pattern: pattern, upstream: .unix(path: "/"), file: "a.domains", line: index + 1)
        }
        configuration.groups = [Group(name: "a", domains: domains, primary: "a.example")]
        return CertificateFiles.load(configuration, keeping: previous, now: now)
    }

    func entry(_ cert: String, key: String? = nil) -> Configuration.CertificateFile {
        Configuration.CertificateFile(
            cert: file(cert), key: key.map { file($0) }, file: "tombolo.toml", line: 3, column: 8)
    }
}
