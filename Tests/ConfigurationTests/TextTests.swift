import Testing

@testable import Configuration

@Suite struct TextTests {
    @Test(arguments: [
        ("30s", 30_000), ("10m", 600_000), ("12h", 43_200_000), ("7d", 604_800_000), ("5ms", 5), ("0s", 0),
        ("1 h", 3_600_000),
    ])
    func durations(_ text: String, _ milliseconds: Int64) {
        #expect(DurationText.parse(text) == milliseconds)
        #expect(DurationText.parse(DurationText.format(milliseconds: milliseconds)) == milliseconds)
    }

    @Test(arguments: [
        "", "s", "10", "-1s", "+1s", "1.5s", "1h30m", "1S", "٣s", "5\u{301}s", "9223372036854775807d",
        "99999999999999999999s",
    ])
    func noDurations(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [("64KiB", 65_536), ("1B", 1), ("2 MiB", 2_097_152), ("3GiB", 3_221_225_472)])
    func sizes(_ text: String, _ bytes: Int64) {
        #expect(SizeText.parse(text) == bytes)
        #expect(SizeText.parse(SizeText.format(bytes)) == bytes)
    }

    @Test(arguments: ["", "64", "64KB", "64kib", "-1B", "9223372036854775807KiB"])
    func noSizes(_ text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test(arguments: [
        ("listen", "listen", 0), ("lisen", "listen", 1), ("lsiten", "listen", 1), ("", "abc", 3), ("abc", "", 3),
        ("kitten", "sitting", 3),
    ])
    func distances(_ a: String, _ b: String, _ distance: Int) {
        #expect(DidYouMean.distance(Array(a), Array(b)) == distance)
    }

    @Test func suggestions() {
        #expect(DidYouMean.suggestion(for: "Idle", among: ["idle", "head"]) == "idle")
        #expect(DidYouMean.suggestion(for: "colour", among: ["idle", "head"]) == nil)
        #expect(DidYouMean.suggestion(for: "x", among: [String]()) == nil)
        #expect(DidYouMean.suggestion(for: String(repeating: "a", count: 10_000), among: ["idle"]) == nil)
    }

    @Test func relativePaths() {
        #expect(FilePath.resolve("a", beside: "/etc/tombolo/tombolo.toml") == "/etc/tombolo/a")
        #expect(FilePath.resolve("../a", beside: "etc/tombolo.toml") == "etc/../a")
        #expect(FilePath.resolve("a", beside: "tombolo.toml") == "a")
        #expect(FilePath.resolve("/a", beside: "/etc/tombolo.toml") == "/a")
    }

    @Test func issuesAreFitForATerminal() {
        let issue = ConfigurationIssue(file: "f", line: 3, column: 0, message: "a\u{1B}[31m\nb", remedy: ["c\u{202E}"])
        #expect(issue.description == "f:3: a\u{FFFD}[31m\u{FFFD}b\n    c\u{FFFD}")
        #expect(ConfigurationIssue(file: "f", message: "m").description == "f: m")
    }

    @Test func anythingIsAnswered() throws {
        var random = SystemRandomNumberGenerator()
        let words = [
            "[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\"", "'", "'''", "\n", "#", "\\", "\u{0}", "group",
            "listen", "login", "name",
            "1", "-", "true", "1979-05-27", "nan", "inf", "0x", "é", " ", "\r",
        ]
        let directory = try TemporaryDirectory()
        for _ in 0..<1500 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in words.randomElement(using: &random) ?? ""
            }.joined()
            var bytes = Array(text.utf8)
            if Bool.random(using: &random), let index = bytes.indices.randomElement(using: &random) {
                bytes[index] = 0xFF
            }
            let path = directory.path + "/tombolo.toml"
            try bytes.write(path)
            guard case .failure(let issues) = ConfigurationFiles.load(path, environment: { _ in nil }).result else {
                Issue.record("\(text) was accepted")
                continue
            }
            #expect(!issues.issues.isEmpty)
            let session = LoadSession { _ in nil }
            var reader = DomainListReader(file: "f", session: session)
            _ = reader.read(bytes)
        }
    }

    @Test func deepDocumentsAreRefused() throws {
        let directory = try TemporaryDirectory()
        let key = Array(repeating: "a", count: 190).joined(separator: ".")
        let level = "[{\(key) =\n"
        for text in [
            String(repeating: "[", count: 300_000), String(repeating: level, count: 1000), "[\(key)]\n\(key) = 1\n",
            String(repeating: "{a=", count: 100_000), String(repeating: "a.", count: 200_000) + "b = 1",
        ] {
            let path = try directory.file("tombolo.toml", text)
            #expect(throws: ConfigurationIssues.self) { try ConfigurationFiles.load(path).result.get() }
        }
    }
}
