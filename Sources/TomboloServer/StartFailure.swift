internal import Configuration

/// Why the program does not start. The description is for the person at the terminal.
public struct StartFailure: Error, CustomStringConvertible {
    /// Whether mistakes in files are the reason.
    public let isConfiguration: Bool
    public let description: String

    init(_ mistakes: ConfigurationIssues) {
        isConfiguration = true
        let count = mistakes.issues.count
        description = "\(count) \(count == 1 ? "mistake" : "mistakes") in the configuration\n\(mistakes)"
    }

    init(_ description: String) {
        isConfiguration = false
        self.description = description
    }
}
