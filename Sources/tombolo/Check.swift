internal import ArgumentParser
internal import Configuration
internal import TomboloServer

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read all configuration files and report every mistake.",
        discussion: """
            Changes nothing. Upstreams that cannot be reached are warned of. Exit status: 0 when all is well, warnings \
            included, 1 when there are mistakes.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Do not try to connect to the upstreams.")
    var offline = false

    func run() async throws {
        do {
            let deployment = try Deployment.load(file.path)
            let warnings = offline ? [] : await Reachability.warnings(about: deployment)
            print(Summary.text(of: deployment, warnings: warnings), terminator: "")
        } catch let mistakes as ConfigurationIssues {
            StandardError.write("\(mistakes)\n")
            let count = mistakes.issues.count
            StandardError.write("\(count) \(count == 1 ? "mistake" : "mistakes") in \(file.path)\n")
            throw ExitCode(1)
        }
    }
}
