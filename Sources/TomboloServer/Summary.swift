public import Configuration
internal import TLS

/// What a configuration comes to, in words.
public enum Summary {
    /// A few lines for `tombolo check`: groups, domains and where they lead, store and listeners.
    ///
    /// - Parameter more: warnings besides those of the deployment.
    public static func text(of deployment: Deployment, warnings more: [String] = []) -> String {
        let configuration = deployment.configuration
        var lines = ["The configuration is valid."]
        let listeners =
            configuration.listen.http.map(\.description) + configuration.listen.https.map { "\($0) (https)" }
        lines.append("  listen   " + listeners.joined(separator: ", "))
        let inside = configuration.internalListener.listen
        if !inside.isEmpty { lines.append("  internal " + inside.map(\.description).joined(separator: ", ")) }
        let access = configuration.log.access
        if access.paths != .nowhere { lines.append("  access   \(access.format.rawValue) to \(access.destination)") }
        for certificate in deployment.certificates.all {
            let names = certificate.names.map(\.description).joined(separator: ", ")
            lines.append("  tls      \(certificate.file): \(names)")
        }
        switch configuration.store.kind {
        case .sqlite(let path): lines.append("  store    sqlite \(path)")
        case .memory(let records): lines.append("  store    memory, at most \(records) records, forgotten at the end")
        }
        lines.append("  keys     \(configuration.keys.file)")
        for group in configuration.groups {
            lines.append("  group    \(group.name), primary \(group.primary), from \(group.domainsFile)")
            let width = group.domains.map(\.pattern.description.count).max() ?? 0
            for domain in group.domains {
                let name = domain.pattern.description
                let padding = String(repeating: " ", count: width - name.count)
                lines.append("             \(name)\(padding)  \(domain.upstreamText)")
            }
        }
        for warning in deployment.warnings + more { lines.append("  warning  \(warning)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What is allowed and should be known.
    public static func warnings(about configuration: Configuration) -> [String] {
        var warnings = configuration.groups.filter { !$0.shareCookies.isEmpty && $0.login.isEmpty }.map { group in
            """
            group \(group.name) shares cookies without a login signal: unless the app sends \(group.headers.user), Tombolo \
            does not notice a login, and a session that somebody planted before it stays good after it
            """
        }
        for domain in configuration.groups.flatMap(\.domains) where !domain.access.tls.verifies {
            warnings.append(
                """
                \(domain.pattern) (\(domain.file):\(domain.line)) has tls_verify=off: whoever answers at \(domain.upstreamText) is \
                taken for the app, and so is anybody on the way to it; tls_ca=FILE trusts a certificate of your own
                """)
        }
        if configuration.listen.redirectHTTPS {
            warnings += configuration.groups.filter { $0.cookie.secure == .always }.map { group in
                """
                group \(group.name) has secure = "always" beside redirect_https: a TLS terminator in front that does not \
                send X-Forwarded-Proto would be redirected for ever
                """
            }
        }
        return warnings
    }
}
