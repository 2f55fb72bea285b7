public import Configuration
internal import Sessions
internal import TLS

/// Everything that the configuration file leads to: the configuration itself, and the certificates that it names.
public struct Deployment: Sendable {
    /// What the configuration and domain list files say.
    public let configuration: Configuration
    let certificates: Certificates
    /// What is allowed and should be known, a line each.
    public let warnings: [String]

    /// Reads all of it and reports every mistake.
    ///
    /// - Parameter file: the configuration file.
    public static func load(_ file: String) throws(ConfigurationIssues) -> Deployment {
        try load(file, keeping: Certificates()).result.get()
    }

    /// As ``load(_:)``; of the certificates in force those that are still the same are kept. The files to watch come with
    /// it even if there are mistakes.
    static func load(
        _ file: String, keeping certificates: Certificates
    ) -> (result: Result<Deployment, ConfigurationIssues>, watchedFiles: [String]) {
        let loaded = ConfigurationFiles.load(file)
        switch loaded.result {
        case .failure(let mistakes): return (.failure(mistakes), loaded.watchedFiles)
        case .success(let configuration):
            let files = CertificateFiles.load(configuration, keeping: certificates, now: Workshop.clock().seconds)
            let watched = loaded.watchedFiles + [configuration.keys.file] + files.watchedFiles
            guard files.mistakes.isEmpty else { return (.failure(ConfigurationIssues(files.mistakes)), watched) }
            let deployment = Deployment(
                configuration: configuration, certificates: files.certificates,
                warnings: files.warnings + Summary.warnings(about: configuration))
            return (.success(deployment), watched)
        }
    }
}
