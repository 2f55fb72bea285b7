internal import Configuration
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

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

    /// An address of `key` in `file` cannot be had.
    init(listeningOn address: ListenAddress, _ error: any Error, key: String, file: String) {
        self.init(
            """
            cannot listen on \(address): \(Self.reason(error))
                Is another program (or another Tombolo) there already? Change \(key) in \(file), or stop it.
            """)
    }

    /// What the system says, without the names of its calls.
    static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
