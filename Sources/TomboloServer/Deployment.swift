public import Configuration
internal import Sessions
internal import TLS

/// Everything that the configuration file leads to: the configuration itself, and the certificates that it names.
public struct Deployment: Sendable {
    /// What the configuration and domain list files say.
    public let configuration: Configuration
    let certificates: Certificates
    /// What handshakes with upstreams need, by what domains say of it.
    let upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS]
    /// What `[listen] http2` says, whatever the running listeners speak.
    let wantsHTTP2: Bool
    /// What is allowed and should be known, a line each.
    public let warnings: [String]

    /// Reads all of it and reports every mistake.
    ///
    /// - Parameter file: the configuration file.
    public static func load(_ file: String) throws(ConfigurationIssues) -> Deployment {
        try load(file, keeping: Certificates()).result.get()
    }

    /// As ``load(_:)``; of the certificates and of what is for upstreams, both in force, what is still the same is kept.
    /// The files to watch come with it even if there are mistakes. `http2` is what the running listeners speak, where some
    /// run: what TLS offers must agree with it, and a change of it comes with the next start.
    static func load(
        _ file: String, keeping certificates: Certificates, _ upstreamTLS: [UpstreamAccess.TLS: UpstreamTLS] = [:],
        http2: Bool? = nil
    ) -> (result: Result<Deployment, ConfigurationIssues>, watchedFiles: [String]) {
        let loaded = ConfigurationFiles.load(file)
        switch loaded.result {
        case .failure(let mistakes): return (.failure(mistakes), loaded.watchedFiles)
        case .success(var configuration):
            let wantsHTTP2 = configuration.listen.http2
            if let http2 { configuration.listen.http2 = http2 }
            let files = CertificateFiles.load(configuration, keeping: certificates, now: Workshop.clock().seconds)
            let upstreams = UpstreamTLSFiles.load(configuration, keeping: upstreamTLS)
            let watched =
                loaded.watchedFiles + [configuration.keys.file] + files.watchedFiles + upstreams.watchedFiles
            let mistakes = files.mistakes + upstreams.mistakes
            guard mistakes.isEmpty else { return (.failure(ConfigurationIssues(mistakes)), watched) }
            let deployment = Deployment(
                configuration: configuration, certificates: files.certificates, upstreamTLS: upstreams.contexts,
                wantsHTTP2: wantsHTTP2,
                warnings: files.warnings + Summary.warnings(about: configuration))
            return (.success(deployment), watched)
        }
    }
}
