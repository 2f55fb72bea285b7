import Glibc
import SessionStores
import Sessions
import Synchronization
import Testing

/// What was acknowledged is there after the process was killed in the middle of its work.
@Suite struct SQLiteKillTests {
    @Test(arguments: [200, 1500]) func acknowledgedWritesSurviveKill(after acknowledgements: Int) async throws {
        let directory = try TemporaryDirectory()
        let (database, log) = (directory.file(), directory.file("acknowledged"))
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [database = database as String, log = log as String, acknowledgements = acknowledgements as Int] in
            await writeUntilKilled(database: database, log: log, after: acknowledgements)
        }

        let acknowledged = lines(of: log)
        #expect(acknowledged.count >= acknowledgements)
        let clock = TestClock()
        let store = try SQLiteStore(path: database, clock: clock.read)
        for (kind, number, version) in acknowledged {
            switch kind {
            case "created":
                let stored = try #require(try await store.get(session(number)), "session \(number) is lost")
                #expect(stored.version >= version)
                #expect(stored.record.user == "user \(number)")
            case "updated":
                let stored = try #require(try await store.get(session(number)))
                #expect(stored.version == version)
                #expect(stored.record.epoch == 1)
            case "removed": #expect(try await store.get(session(number)) == nil)
            default: #expect(try await store.spend(ticket(number), until: clock.now.adding(60)) == false)
            }
        }
        // No version is given twice, not even one of a write that nobody was told of.
        let last = acknowledged.map(\.2).max() ?? 0
        #expect(try await store.create(session(.max), record(), expiresAt: clock.now.adding(60)) > last)
        await store.close()
    }

    private func lines(of path: String) -> [(String, UInt64, Int64)] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, let number = UInt64(words[1]), let version = Int64(words[2]) else { return nil }
            return (String(words[0]), number, version)
        }
    }
}

/// Notes what was acknowledged, and kills the process when it is enough.
private final class Notes: Sendable {
    private let descriptor: Int32
    private let limit: Int
    private let count = Atomic(0)

    init(_ path: String, limit: Int) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        self.limit = limit
    }

    /// Writes to the kernel, which outlives the process; a single write(2) in append mode is not torn.
    func add(_ kind: String, _ number: UInt64, _ version: Int64) {
        let line = Array("\(kind) \(number) \(version)\n".utf8)
        guard write(descriptor, line, line.count) == line.count else { exit(2) }
        if count.add(1, ordering: .relaxed).newValue >= limit { kill(getpid(), SIGKILL) }
    }
}

/// Many tasks write at once and note what was acknowledged; when there is enough, the process kills itself, with others
/// of its writes under way.
private func writeUntilKilled(database: String, log: String, after acknowledgements: Int) async {
    let clock = TestClock()
    guard let store = try? SQLiteStore(path: database, clock: clock.read) else { exit(1) }
    let notes = Notes(log, limit: acknowledgements)
    let later = clock.now.adding(60)
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<32 as Range<UInt64> {
            group.addTask {
                do {
                    for round in 0..<100_000 as Range<UInt64> {
                        let number = task * 1_000_000 + round
                        let version = try await store.create(
                            session(number), record("user \(number)"), expiresAt: later)
                        switch round % 4 {
                        case 0: notes.add("created", number, version)
                        case 1:
                            let next = try await store.compareAndSet(
                                session(number), expected: version, record: record("user \(number)", epoch: 1),
                                expiresAt: later
                            ).version
                            notes.add("updated", number, next)
                        case 2:
                            guard try await store.remove(session(number), expected: version) else { exit(3) }
                            notes.add("removed", number, version)
                        default:
                            guard try await store.spend(ticket(number), until: later) else { exit(4) }
                            notes.add("spent", number, version)
                        }
                    }
                } catch {
                    exit(5)
                }
            }
        }
    }
}
