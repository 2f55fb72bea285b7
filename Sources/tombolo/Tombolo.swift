internal import ArgumentParser
internal import TomboloServer

/// The command line: one file a subcommand.
@main
struct Tombolo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tombolo",
        abstract: "Gives all your domains one session, without touching your apps.",
        discussion: """
            Tombolo stands as a reverse proxy in front of the apps of unrelated domains. Point the domains at it, name \
            them in a domain list file, and a visitor who fills a cart or logs in on one domain is the same visitor on \
            all of them.

            FIRST STEPS
              Write two files side by side:

                tombolo.toml                           brands.domains
                  [[group]]                              shop.example        http://127.0.0.1:5001
                  name = "brands"                        shop-de.example     http://127.0.0.1:5001
                  domains = "brands.domains"             club.example        http://127.0.0.1:5002
                  primary = "shop.example"
                  share_cookies = ["session"]

              tombolo check --config tombolo.toml      finds every mistake at once
              tombolo run   --config tombolo.toml      serves on 0.0.0.0:8080

            WHILE IT RUNS
              Changed files take effect within a second, SIGHUP loads them at once; a mistake in them is reported and \
            the running configuration stays. SIGTERM lets requests finish, then ends.

            Every setting with its default is explained in config.example.toml.
            """,
        version: TomboloServer.version,
        subcommands: [Run.self, Check.self, Keys.self])
}

/// The option that all subcommands share.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")], help: "The configuration file.",
        completion: .file(extensions: ["toml"]))
    var path = "tombolo.toml"
}
