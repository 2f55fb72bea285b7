import Testing

@testable import Configuration

/// `config.example.toml` is the documentation of the keys: it has them all, and tells their defaults truly.
@Suite struct ExampleTests {
    private let domains = """
        shop.example               http://127.0.0.1:5001
        shop-deutschland.example   http://127.0.0.1:5001
        """

    private func example() throws -> String { try text(of: repository + "/config.example.toml") }

    private func load(_ text: String) throws -> (Configuration, Set<String>) {
        let directory = try TemporaryDirectory()
        try directory.file("brands.domains", domains)
        let path = try directory.file("tombolo.toml", text)
        let session = LoadSession { $0 == "SHOP_SECRET_KEY" ? "secret" : nil }
        let loaded = ConfigurationFiles.load(path, session)
        #expect(session.sortedIssues.map(\.description) == [])
        var configuration = try #require(loaded)
        // The temporary directory is another one each time.
        configuration.keys.file.replace(directory.path, with: "")
        if case .sqlite(let path) = configuration.store.kind {
            configuration.store.kind = .sqlite(path: path.replacing(directory.path, with: ""))
        }
        for group in configuration.groups.indices {
            configuration.groups[group].domainsFile.replace(directory.path, with: "")
            for domain in configuration.groups[group].domains.indices {
                configuration.groups[group].domains[domain].file = ""
            }
        }
        return (configuration, session.knownKeys)
    }

    private func isSetting(_ line: Substring) -> Bool {
        guard line.first == "#", let second = line.dropFirst().first else { return false }
        return second.isLowercase || second == "["
    }

    @Test func itLoadsWithTheDefaults() throws {
        let (configuration, _) = try load(example())
        var expected = Configuration(
            store: .init(kind: .sqlite(path: "/tombolo.sqlite")), keys: .init(file: "/tombolo.keys"))
        expected.groups = [
            Group(
                name: "brands", domainsFile: "/brands.domains",
                domains: [
                    Domain(pattern: .exact("shop.example"), upstream: .tcp(host: "127.0.0.1", port: 5001), line: 1),
                    Domain(
                        pattern: .exact("shop-deutschland.example"), upstream: .tcp(host: "127.0.0.1", port: 5001),
                        line: 2),
                ], primary: "shop.example", shareCookies: ["session"],
                login: [.flask(cookie: "session", secrets: [.init(bytes: Array("secret".utf8))], userKey: "_user_id")])
        ]
        #expect(configuration == expected)
    }

    @Test func theCommentedSettingsAreTheDefaults() throws {
        let text = try example()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.filter(isSetting).count > 25)
        let uncommented = lines.map { isSetting($0) ? $0.dropFirst() : $0 }.joined(separator: "\n")
        #expect(try load(uncommented).0 == load(text).0)
    }

    @Test func everyKeyIsInIt() throws {
        let text = try example()
        let (_, keys) = try load(text)
        var sections: [String: String] = [:]
        var section = ""
        for line in text.split(separator: "\n") {
            let bare = isSetting(line) ? line.dropFirst() : line
            if bare.hasPrefix("[") { section = String(bare.filter { !"[]".contains($0) }) }
            sections[section, default: ""] += bare + "\n"
        }
        let leaves = keys.filter { key in !keys.contains { $0.hasPrefix("\(key).") } }
        #expect(leaves.count > 45)
        for key in leaves {
            let parts = key.split(separator: ".").map(String.init)
            let parent = parts.dropLast().joined(separator: ".")
            let home = sections[parent] ?? sections[parts.dropLast(2).joined(separator: ".")] ?? ""
            #expect(
                home.contains("\(parts[parts.count - 1]) =") || home.contains("(\(parts[parts.count - 1]))"), "\(key)")
        }
    }

    @Test func oneGroupIsEnough() throws {
        let minimal = "[[group]]\nname = \"a\"\ndomains = \"brands.domains\"\nprimary = \"shop.example\"\n"
        let (configuration, _) = try load(minimal)
        #expect(configuration.store == .init(kind: .sqlite(path: "/tombolo.sqlite")))
        #expect(configuration.keys.file == "/tombolo.keys")
        #expect(configuration.listen == .init())
    }

    @Test func theFilesToWatch() throws {
        let directory = try TemporaryDirectory()
        try directory.file("brands.domains", domains)
        let path = try directory.file(
            "tombolo.toml", example().replacing("secret_env = \"SHOP_SECRET_KEY\"", with: "secret_file = \"no\""))
        let loaded = ConfigurationFiles.load(path) { _ in nil }
        #expect(loaded.watchedFiles == ["tombolo.toml", "brands.domains", "no"].map { "\(directory.path)/\($0)" })
        #expect(throws: ConfigurationIssues.self) { try loaded.result.get() }
    }

    @Test func noFile() {
        let loaded = ConfigurationFiles.load("/nowhere/tombolo.toml")
        #expect(throws: ConfigurationIssues.self) { try loaded.result.get() }
        #expect(loaded.watchedFiles == ["/nowhere/tombolo.toml"])
    }

    @Test func secretsAreNotShown() throws {
        let (configuration, _) = try load(example())
        var dumped = ""
        dump(configuration, to: &dumped)
        let bytes = "\(Array("secret".utf8))"
        for text in ["\(configuration)", String(reflecting: configuration), configuration.effective, dumped] {
            #expect(!text.contains(bytes))
            #expect(!text.contains(" secret\n"))
        }
    }
}
