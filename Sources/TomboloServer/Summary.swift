public import Configuration

/// What a configuration comes to, in words.
public enum Summary {
    /// A few lines for `tombolo check`: groups, domains and where they lead, store and listeners.
    public static func text(of configuration: Configuration) -> String {
        var lines = ["The configuration is valid."]
        lines.append("  listen   " + configuration.listen.http.map(\.description).joined(separator: ", "))
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
                lines.append("             \(name)\(padding)  \(domain.upstream)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
