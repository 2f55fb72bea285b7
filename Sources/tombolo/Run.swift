internal import ArgumentParser
internal import TomboloServer

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the configured domains until SIGTERM or Ctrl-C.",
        discussion: """
            Exit status: 0 after an orderly end; 1 when the configuration has mistakes, which are all printed with file, \
            line and what to write instead; 2 when something else stands in the way (a port that is taken, a store that \
            cannot be opened).
            """)

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        do {
            try await TomboloServer.run(configurationFile: file.path)
        } catch let failure as StartFailure {
            StandardError.write("tombolo: \(failure)\n")
            throw ExitCode(failure.isConfiguration ? 1 : 2)
        }
    }
}
