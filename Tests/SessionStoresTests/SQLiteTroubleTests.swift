import Glibc
import SessionStores
import Sessions
import Testing

/// Trouble is an error that names the file and says what to do; never a crash, never a miss.
@Suite struct SQLiteTroubleTests {
    let clock = TestClock()
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func open(_ name: String = "sessions.sqlite") -> StoreError? {
        do throws(StoreError) {
            _ = try SQLiteStore(path: directory.file(name), clock: clock.read)
            return nil
        } catch {
            return error
        }
    }

    private func write(_ bytes: [UInt8], at offset: Int, of name: String = "sessions.sqlite") {
        let descriptor = Glibc.open(directory.file(name), O_WRONLY | O_CREAT, 0o600)
        #expect(pwrite(descriptor, bytes, bytes.count, offset) == bytes.count)
        Glibc.close(descriptor)
    }

    private func contents(_ name: String = "sessions.sqlite") -> [UInt8] {
        let descriptor = Glibc.open(directory.file(name), O_RDONLY)
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func aDirectoryThatDoesNotExist() throws {
        let error = try #require(open("missing/sessions.sqlite"))
        #expect(error.kind == .unavailable)
        #expect(error.message.contains("missing/sessions.sqlite"))
        #expect(error.message.contains("directory"))
    }

    @Test func aPathThatIsNone() {
        for path in ["", "a\u{0}b"] {
            #expect(throws: StoreError.self) { try SQLiteStore(path: path, clock: clock.read) }
        }
    }

    @Test func aDirectoryInsteadOfAFile() throws {
        #expect(open("") != nil)
    }

    @Test func aFileThatIsNoDatabase() throws {
        let text = Array("This file is somebody's diary and should stay as it is, whatever happens.\n".utf8)
        write(text, at: 0)
        let error = try #require(open())
        #expect(error.kind == .corrupt)
        #expect(error.message.contains(directory.file()))
        #expect(contents() == text)
    }

    @Test func anotherProgramsDatabase() throws {
        try RawDatabase(directory.file()).run("CREATE TABLE diary (page TEXT)")
        let before = contents()
        let error = try #require(open())
        #expect(error.kind == .corrupt)
        #expect(error.message.contains("another program"))
        #expect(contents() == before)
    }

    @Test func aNewerSchema() async throws {
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        await store.close()
        try RawDatabase(directory.file()).run("PRAGMA user_version = 99")
        let before = contents()
        let error = try #require(open())
        #expect(error.kind == .newerSchema)
        #expect(error.message.contains("99"))
        #expect(contents() == before)
    }

    @Test func damagedPages() async throws {
        let later = clock.now.adding(60)
        let first = try SQLiteStore(path: directory.file(), clock: clock.read)
        for number in 0..<200 as Range<UInt64> {
            try await first.create(session(number), record("ada \(number)"), expiresAt: later)
        }
        await first.close()
        // The first page, with the schema, stays whole; all others are overwritten.
        write([UInt8](repeating: 0xa5, count: contents().count - 4096), at: 4096)
        let error = await kind {
            let store = try SQLiteStore(path: directory.file(), clock: clock.read)
            #expect(await kind { _ = try await store.get(session(7)) } == .corrupt)
            #expect(await kind { _ = try await store.list(after: nil, limit: 10) } == .corrupt)
            #expect(await kind { try await store.create(session(900), record(), expiresAt: later) } == .corrupt)
            #expect(await kind { _ = try await store.spend(ticket(1), until: later) } == .corrupt)
            await store.close()
        }
        #expect(error == nil)
    }

    @Test func aRecordThatCannotBeRead() async throws {
        let later = clock.now.adding(60)
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        let version = try await store.create(session(1), record("ada"), expiresAt: later)
        try await store.create(session(2), record("ada"), expiresAt: later)
        try RawDatabase(directory.file()).run(
            "UPDATE sessions SET record = CAST('{\"v\":99}' AS BLOB) WHERE version = \(version)")
        #expect(await kind { _ = try await store.get(session(1)) } == .undecodable)
        #expect(await kind { try await store.create(session(1), record(), expiresAt: later) } == .undecodable)
        #expect(try await store.get(session(2)) != nil)
        #expect(try await store.remove(session(1), expected: version))
        await store.close()
    }

    @Test func lockedByAnotherProcess() async throws {
        var options = SQLiteStore.Options()
        options.busyTimeout = 1
        let later = clock.now.adding(60)
        let store = try SQLiteStore(path: directory.file(), options: options, clock: clock.read)
        let version = try await store.create(session(1), record("ada"), expiresAt: later)
        let other = try RawDatabase(directory.file())
        try other.run("BEGIN IMMEDIATE")
        #expect(await kind { try await store.create(session(2), record(), expiresAt: later) } == .busy)
        #expect(await kind { _ = try await store.spend(ticket(1), until: later) } == .busy)
        #expect(await kind { _ = try await store.remove(session(1), expected: version) } == .busy)
        // Readers do not mind, and everything goes on afterwards.
        #expect(try await store.get(session(1))?.version == version)
        try other.run("COMMIT")
        try await store.create(session(2), record(), expiresAt: later)
        #expect(try await store.spend(ticket(1), until: later))
        await store.close()
    }

    @Test func noRoomLeft() async throws {
        var options = SQLiteStore.Options()
        options.maxFileBytes = 64 * 1024
        let later = clock.now.adding(60)
        let store = try SQLiteStore(path: directory.file(), options: options, clock: clock.read)
        var large = record("ada")
        large.data = "\"" + String(repeating: "x", count: 8000) + "\""
        var stored: [UInt64] = []
        var refused = 0
        try await withThrowingTaskGroup(of: (UInt64, StoreError.Kind?).self) { group in
            for number in 0..<40 as Range<UInt64> {
                group.addTask { [large] in
                    (number, await kind { try await store.create(session(number), large, expiresAt: later) })
                }
            }
            for try await (number, error) in group {
                #expect(error == nil || error == .full)
                if error == nil { stored.append(number) } else { refused += 1 }
            }
        }
        #expect(refused > 0)
        #expect(!stored.isEmpty)
        #expect(try await store.count() == stored.count)
        // Whatever was acknowledged is there, and removing makes room.
        for number in stored {
            let present = try #require(try await store.get(session(number)))
            #expect(try await store.remove(session(number), expected: present.version))
        }
        try await store.create(session(100), large, expiresAt: later)
        await store.close()
    }

    /// Root may write every file, so the test becomes somebody else; in a process of its own, since that is for good.
    @Test func aFileThatMayOnlyBeRead() async throws {
        let store = try SQLiteStore(path: directory.file(), clock: clock.read)
        await store.close()
        chmod(directory.file(), 0o444)
        chmod(directory.path, 0o555)
        defer { chmod(directory.path, 0o755) }
        let path = directory.file()
        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            guard geteuid() != 0 || (setegid(65_534) == 0 && seteuid(65_534) == 0) else { exit(3) }
            do throws(StoreError) {
                _ = try SQLiteStore(path: path, clock: TestClock().read)
                exit(1)
            } catch {
                exit(error.kind == .readOnly && error.message.contains(path) ? 42 : 2)
            }
        }
    }
}
