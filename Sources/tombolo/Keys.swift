internal import ArgumentParser
internal import Configuration
internal import TomboloServer

struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make or rotate the keys that seal handles and tickets.",
        discussion: """
            The keys file is made on the first start with mode 0600. Whoever has it can make valid session cookies: treat \
            it like a private key. All nodes of one site need the same file.
            """,
        subcommands: [Generate.self, Rotate.self])
}

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the keys file, if there is none yet.",
        discussion: "Never touches a file that is there: its loss would end every session.")

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        try withKeysFile(of: file.path) { path in
            let (keys, created) = try KeysFile.loadOrCreate(path, random: KeyTools.random, now: KeyTools.now())
            print(created ? "made \(path)" : "\(path) is there already, with \(keys.count) key(s)")
        }
    }
}

struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add a new key and retire those that no living session can need any more.",
        discussion: """
            New cookies are sealed with the new key; old ones open with theirs until the longest absolute timeout of all \
            groups has gone by. A running Tombolo takes the new file up within a second.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        try withKeysFile(of: file.path) { path, configuration in
            let longest =
                configuration.groups.map { max($0.timeouts.absolute, $0.timeouts.persistentAbsolute) }.max() ?? 0
            let (keys, retired) = try KeysFile.rotate(
                path, random: KeyTools.random, now: KeyTools.now(), retireAfter: longest)
            print("\(path): \(keys.count) key(s), \(retired.count) retired")
        }
    }
}

/// Finds the keys file by the configuration, and prints what is wrong with either.
private func withKeysFile(of configurationFile: String, _ body: (String, Configuration) throws -> Void) throws {
    do {
        let configuration = try ConfigurationFiles.load(configurationFile).result.get()
        try body(configuration.keys.file, configuration)
    } catch let mistakes as ConfigurationIssues {
        StandardError.write("\(mistakes)\n")
        throw ExitCode(1)
    }
}

private func withKeysFile(of configurationFile: String, _ body: (String) throws -> Void) throws {
    try withKeysFile(of: configurationFile) { path, _ in try body(path) }
}
