/// One mistake in a file, with the place and what to write instead. Never tells a secret.
public struct ConfigurationIssue: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path of the file, as it was named.
    public var file: String
    /// The line, from 1; 0 if the mistake has no line (a file that cannot be read).
    public var line: Int
    /// The column, from 1; 0 if it has none.
    public var column: Int
    /// What is wrong: one sentence without a full stop.
    public var message: String
    /// What to write or do instead, in lines; may be empty.
    public var remedy: [String]

    /// Creates an issue.
    public init(file: String, line: Int = 0, column: Int = 0, message: String, remedy: [String] = []) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.remedy = remedy
    }

    /// `file:line:column: message`, then the remedy, one indented line each.
    public var description: String {
        let place = line > 0 ? (column > 0 ? "\(file):\(line):\(column)" : "\(file):\(line)") : file
        return ([Display.clean("\(place): \(message)")] + remedy.map { "    " + Display.clean($0) })
            .joined(separator: "\n")
    }
}

/// All mistakes of one attempt to load a configuration, sorted by place. Never empty.
public struct ConfigurationIssues: Error, Sendable, Equatable, CustomStringConvertible {
    /// The mistakes, sorted by file (the configuration file first), line and column.
    public let issues: [ConfigurationIssue]

    /// Creates the error.
    public init(_ issues: [ConfigurationIssue]) { self.issues = issues }

    /// All descriptions, one after the other.
    public var description: String { issues.map(\.description).joined(separator: "\n") }
}
