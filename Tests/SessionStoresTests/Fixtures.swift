import Glibc
import SessionStores
import Sessions
import Synchronization
import Testing

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let seconds: Atomic<Int64>

    init(_ seconds: Int64 = 1_700_000_000) { self.seconds = Atomic(seconds) }

    var now: Timestamp { Timestamp(seconds: seconds.load(ordering: .sequentiallyConsistent)) }
    var read: @Sendable () -> Timestamp { { self.now } }

    func advance(by interval: Int64) { seconds.add(interval, ordering: .sequentiallyConsistent) }
}

/// A monotonic clock that stands still until it is moved, in nanoseconds.
final class TestMonotonicClock: Sendable {
    private let nanoseconds = Atomic<UInt64>(1)

    var read: @Sendable () -> UInt64 { { self.nanoseconds.load(ordering: .sequentiallyConsistent) } }

    func advance(by interval: UInt64) { nanoseconds.add(interval, ordering: .sequentiallyConsistent) }
}

/// The id whose 16 bytes are this number, so that ids are ordered as numbers are.
func session(_ number: UInt64) -> SessionID {
    var bytes = [UInt8](repeating: 0, count: 8)
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
    return SessionID(bytes: bytes)!
}

/// The ticket whose 16 bytes are this number.
func ticket(_ number: UInt64) -> TicketID { TicketID(bytes: session(number).bytes)! }

/// A record that can be told from others by its user.
func record(_ user: String? = nil, epoch: UInt32 = 0) -> SessionRecord {
    SessionRecord(createdAt: Timestamp(seconds: 1_700_000_000), epoch: epoch, user: user)
}

extension CompareAndSetResult {
    /// The version, or a recorded failure.
    var version: Int64 {
        get throws {
            guard case .stored(let version) = self else {
                Issue.record("not stored: \(self)")
                throw StoreError(.contended, "conflict")
            }
            return version
        }
    }
}

extension SessionStore {
    /// Makes a record that must not exist; gives its version.
    @discardableResult
    func create(_ id: SessionID, _ record: SessionRecord, expiresAt: Timestamp) async throws -> Int64 {
        try await compareAndSet(id, expected: nil, record: record, expiresAt: expiresAt).version
    }
}

/// The kind of the error that a call throws; `nil`: none.
func kind(of body: () async throws -> Void) async -> StoreError.Kind? {
    do {
        try await body()
        return nil
    } catch let error as StoreError {
        return error.kind
    } catch {
        Issue.record("not a StoreError: \(error)")
        return nil
    }
}

/// A directory of a test's own, gone with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/tombolo-stores-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError(.unavailable, "mkdtemp failed") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        chmod(path, 0o755)
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    func file(_ name: String = "sessions.sqlite") -> String { path + "/" + name }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
