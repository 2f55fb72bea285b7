import FoundationEssentials
import Synchronization
import Testing

@testable import Configuration

@Suite struct KeysFileTests {
    /// Bytes that tell which call made them.
    private final class Counter: Sendable {
        private let calls = Mutex<UInt8>(0)
        func bytes(_ count: Int) -> [UInt8] {
            [UInt8](
                repeating: calls.withLock { calls in
                    calls &+= 1; return calls
                }, count: count)
        }
    }

    private let key = String(repeating: "A", count: 43)

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func private600(_ directory: TemporaryDirectory, _ text: String) throws -> String {
        let path = try directory.file("keys", text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return path
    }

    private func failure(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func theFirstStartMakesTheFile() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("keys")
        let random = Counter()
        let first = try KeysFile.loadOrCreate(path, random: random.bytes, now: 1_700_000_000)
        #expect(first.created)
        #expect(first.keys == [.init(id: 1, createdAt: 1_700_000_000, bytes: .init(repeating: 1, count: 32))])
        #expect(try mode(path) == 0o600)
        #expect(directory.contents == ["keys"])
        let second = try KeysFile.loadOrCreate(path, random: random.bytes, now: 1_800_000_000)
        #expect(!second.created)
        #expect(second.keys == first.keys)
        #expect(try text(of: path).hasSuffix("\n1 1700000000 \(Base64URL.encode(first.keys[0].bytes))\n"))
    }

    @Test func ofManyProcessesOneMakesTheFile() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("keys")
        let random = Counter()
        let results = try await withThrowingTaskGroup(of: (keys: [KeysFile.Entry], created: Bool).self) { group in
            for _ in 0..<16 { group.addTask { try KeysFile.loadOrCreate(path, random: random.bytes, now: 1) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter(\.created).count == 1)
        #expect(Set(results.map { $0.keys.map(\.bytes) }).count == 1)
        #expect(directory.contents == ["keys"])
    }

    @Test func aFileForOthersIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("keys", "1 1 \(key)\n")
        for mode in [0o640, 0o604, 0o620, 0o601] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let message = failure { _ = try KeysFile.load(path) }
            #expect(
                message.contains("can be read by others (mode 0\(String(mode, radix: 8)))\n    chmod 600 \(path)\n"))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        #expect(try KeysFile.load(path).count == 1)
    }

    @Test func rotationAddsAndRetires() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("keys")
        let random = Counter()
        _ = try KeysFile.loadOrCreate(path, random: random.bytes, now: 1000)
        let second = try KeysFile.rotate(path, random: random.bytes, now: 2000, retireAfter: 500)
        #expect(second.keys.map(\.id) == [1, 2])
        #expect(second.retired.isEmpty)
        // Key 1 was superseded at 2000: at 2500 its last handle may just live, after that not.
        #expect(
            try KeysFile.rotate(path, random: random.bytes, now: 2500, retireAfter: 500).keys.map(\.id) == [1, 2, 3])
        let fourth = try KeysFile.rotate(path, random: random.bytes, now: 2501, retireAfter: 500)
        #expect(fourth.keys.map(\.id) == [2, 3, 4])
        #expect(fourth.retired.map(\.id) == [1])
        #expect(try KeysFile.load(path) == fourth.keys)
        #expect(try mode(path) == 0o600)
        #expect(directory.contents == ["keys"])
        #expect(try KeysFile.rotate(path, random: random.bytes, now: 1_000_000, retireAfter: nil).retired.isEmpty)
    }

    @Test func aClockSetBackStillMakesTheNewestKey() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("keys")
        let random = Counter()
        _ = try KeysFile.loadOrCreate(path, random: random.bytes, now: 5000)
        let rotated = try KeysFile.rotate(path, random: random.bytes, now: 10, retireAfter: 0)
        #expect(rotated.keys.map(\.createdAt) == [5000, 5001])
        #expect(rotated.keys.map(\.id) == [1, 2])
    }

    @Test func theLargestNumbersTrapNothing() throws {
        let directory = try TemporaryDirectory()
        let random = Counter()
        let path = try private600(directory, "4294967295 0 \(key)\n")
        #expect(
            try KeysFile.rotate(path, random: random.bytes, now: 9, retireAfter: .max).keys.map(\.id) == [
                4_294_967_295, 1,
            ])
        let full = try private600(directory, "1 \(Int64.max) \(key)\n")
        #expect(
            failure { _ = try KeysFile.rotate(full, random: random.bytes, now: 9, retireAfter: nil) }.contains(
                "no room"))
    }

    @Test func aLinkStaysALink() throws {
        let directory = try TemporaryDirectory()
        let target = try private600(directory, "1 1 \(key)\n")
        let link = try directory.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        _ = try KeysFile.rotate(link, random: Counter().bytes, now: 5, retireAfter: nil)
        #expect(try KeysFile.load(target).count == 2)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    }

    @Test func concurrentRotationsLoseNothing() async throws {
        let directory = try TemporaryDirectory()
        let path = try private600(directory, "1 1 \(key)\n")
        let random = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try KeysFile.rotate(path, random: random.bytes, now: 5, retireAfter: nil) }
            }
            try await group.waitForAll()
        }
        #expect(try KeysFile.load(path).map(\.id) == Array(1...9))
    }

    @Test func malformedLinesAreAllReported() throws {
        let directory = try TemporaryDirectory()
        let path = try private600(
            directory,
            """
            # comment
            1 1 \(key)
            1 2 \(key)
            0 1 \(key)
            4294967296 1 \(key)
            2 -1 \(key)
            3 x \(key)
            4 1 \(key)A
            5 1 \(key.dropLast())B
            6 1
            7 1 \(key) more
            8 1 \(key.dropLast())=
            """)
        let lines = failure { _ = try KeysFile.load(path) }.replacing("\(path):", with: "")
        #expect(
            lines.split(separator: "\n").filter { !$0.hasPrefix(" ") } == [
                "3:1: the id 1 is that of line 2, too",
                "4:1: the id is no number from 1 to 4294967295",
                "5:1: the id is no number from 1 to 4294967295",
                "6:1: the time of creation is no Unix time in seconds",
                "7:1: the time of creation is no Unix time in seconds",
                "8:1: the key is not 32 bytes in base64url without padding",
                "9:1: the key is not 32 bytes in base64url without padding",
                "10:1: expected three words, id, time and key, found 2",
                "11:1: expected three words, id, time and key, found 4",
                "12:1: the key is not 32 bytes in base64url without padding",
            ])
        #expect(!lines.contains(key))
    }

    @Test func troubleWithTheFile() throws {
        let directory = try TemporaryDirectory()
        let random = Counter()
        #expect(failure { _ = try KeysFile.load(directory.path) }.contains("it is a directory"))
        #expect(failure { _ = try KeysFile.load(directory.path + "/no") }.contains("No such file"))
        #expect(
            failure { _ = try KeysFile.loadOrCreate(directory.path + "/no/keys", random: random.bytes, now: 1) }
                .contains("No such file"))
        #expect(
            failure { _ = try KeysFile.rotate(directory.path + "/no", random: random.bytes, now: 1, retireAfter: nil) }
                .contains("No such file"))
        let empty = try private600(directory, "# nothing\n")
        #expect(failure { _ = try KeysFile.load(empty) }.contains("there is no key in this file"))
        #expect(
            failure { _ = try KeysFile.loadOrCreate(directory.path + "/new", random: { _ in [1] }, now: 1) }
                .contains("the source of randomness returned 1 bytes"))
        #expect(directory.contents == ["keys"])
    }

    @Test func keysAreNotShown() {
        let entry = KeysFile.Entry(id: 1, createdAt: 2, bytes: [77, 77, 77])
        var dumped = ""
        dump(entry, to: &dumped)
        for text in ["\(entry)", String(reflecting: entry), dumped] { #expect(!text.contains("77")) }
    }

    @Test func base64URLIsCanonical() {
        for count in 0...40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(
                text
                    == Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                        "=", with: ""))
        }
        for text in ["A", "AB", "AAB", "AA=", "A A", "AA+A", "AAAAA", "ä"] { #expect(Base64URL.decode(text) == nil) }
    }
}
