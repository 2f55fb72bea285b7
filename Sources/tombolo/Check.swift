internal import ArgumentParser
internal import Configuration
internal import TomboloServer

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read all configuration files and report every mistake.",
        discussion: "Changes nothing and needs no network. Exit status: 0 when all is well, 1 when there are mistakes.")

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        do {
            print(Summary.text(of: try Deployment.load(file.path)), terminator: "")
        } catch let mistakes {
            StandardError.write("\(mistakes)\n")
            let count = mistakes.issues.count
            StandardError.write("\(count) \(count == 1 ? "mistake" : "mistakes") in \(file.path)\n")
            throw ExitCode(1)
        }
    }
}
