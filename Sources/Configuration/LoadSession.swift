/// What one attempt to load a configuration gathers on its way through the files.
final class LoadSession {
    /// Looks up an environment variable.
    let environment: (String) -> String?
    /// The files that were opened or should have been, in the order in which they were named.
    private(set) var files: [String] = []
    /// The paths of all keys that a reader asked for, `group.timeouts.idle` for example.
    private(set) var knownKeys: Set<String> = []
    private var issues: Set<ConfigurationIssue> = []

    init(environment: @escaping (String) -> String?) {
        self.environment = environment
    }

    var hasIssues: Bool { !issues.isEmpty }

    func know(_ key: String) { knownKeys.insert(key) }

    func report(_ file: String, _ position: Position, _ message: String, _ remedy: [String] = []) {
        issues.insert(
            ConfigurationIssue(
                file: file, line: position.line, column: position.column, message: message, remedy: remedy))
    }

    /// All mistakes, by file in the order in which the files were named, then by place.
    var sortedIssues: [ConfigurationIssue] {
        let order = Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1, $0) })
        return issues.sorted { a, b in
            (order[a.file] ?? files.count, a.line, a.column, a.message)
                < (order[b.file] ?? files.count, b.line, b.column, b.message)
        }
    }

    /// Notes that the configuration depends on a file, even if it cannot be read now.
    func depend(on file: String) {
        if !files.contains(file) { files.append(file) }
    }

    /// Reads a file of at most `limit` bytes; trouble is reported at the place that names it.
    func read(_ path: String, what: String, limit: Int, namedAt place: (file: String, position: Position)) -> [UInt8]? {
        depend(on: path)
        do {
            return try FileBytes.read(path, limit: limit)
        } catch {
            report(
                place.file, place.position, "cannot read the \(what) \(Display.quote(path)): \(error.reason)",
                error.remedy)
            return nil
        }
    }
}
