import FoundationEssentials
import Testing

@testable import Configuration

/// One case a file of `Golden/`, in sections that begin with `=== `: files by their names, `tombolo.toml` first of
/// all; `environment`, `NAME=value` lines; and what is expected: `issues`, all messages; `effective`, the whole of the
/// settings; or `settings`, some of their lines. Non-printing bytes are written `\xNN`. With `TOMBOLO_RECORD_GOLDEN=1`
/// in the environment, the files are rewritten with what came out: read the difference.
@Suite struct GoldenTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var sections: [(title: String, text: String)] = []
        var testDescription: String { name }

        subscript(_ title: String) -> String? { sections.first { $0.title == title }?.text }
    }

    static let folder = testFolder + "/Golden"

    static let cases: [Case] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".golden") }.sorted().compactMap { name in
            guard let content = try? text(of: "\(folder)/\(name)") else { return nil }
            var result = Case(name: name)
            for line in content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
                if line.hasPrefix("=== ") {
                    result.sections.append((String(line.dropFirst(4)), ""))
                } else if !result.sections.isEmpty {
                    result.sections[result.sections.count - 1].text += line + "\n"
                }
            }
            // Sections end with one line break, whatever stands before the next one or the end.
            for index in result.sections.indices {
                while result.sections[index].text.hasSuffix("\n\n") { result.sections[index].text.removeLast() }
            }
            return result
        }
    }()

    @Test func thereAreCases() {
        #expect(Self.cases.count >= 20)
    }

    @Test(arguments: cases)
    func golden(_ given: Case) throws {
        let directory = try TemporaryDirectory()
        for section in given.sections where section.title.contains(".") {
            try unescaped(section.text).write(directory.path + "/" + section.title)
        }
        var variables: [String: String] = [:]
        for line in (given["environment"] ?? "").split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        let loaded = ConfigurationFiles.load(directory.path + "/tombolo.toml") { variables[$0] }
        let prefix = directory.path + "/"
        var title: String
        var actual: String
        switch loaded.result {
        case .success(let configuration):
            title = given["settings"] == nil ? "effective" : "settings"
            actual = configuration.effective.replacing(prefix, with: "")
            if let wanted = given["settings"], !isRecording {
                let lines = Set(actual.split(separator: "\n"))
                for line in wanted.split(separator: "\n") { #expect(lines.contains(line), "\(line)") }
                return
            }
        case .failure(let issues):
            title = "issues"
            actual = issues.description.replacing(prefix, with: "") + "\n"
        }
        if isRecording {
            try record(given, title, actual)
        } else {
            #expect(actual == (given[title] ?? ""), "\(title)")
        }
    }

    private var isRecording: Bool { ConfigurationFiles.processEnvironment("TOMBOLO_RECORD_GOLDEN") == "1" }

    private func record(_ given: Case, _ title: String, _ actual: String) throws {
        guard title != "settings" else { return }
        let sections = given.sections.filter { !["issues", "effective"].contains($0.title) } + [(title, actual)]
        let content = sections.map { "=== \($0.title)\n\($0.text)" }.joined()
        try Array(content.utf8).write("\(Self.folder)/\(given.name)")
    }

    private func unescaped(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if rest.starts(with: Array("\\x".utf8)), rest.count >= 4,
                let value = UInt8(String(decoding: rest.dropFirst(2).prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                rest = rest.dropFirst(4)
            } else {
                out.append(byte)
                rest = rest.dropFirst()
            }
        }
        return out
    }
}
