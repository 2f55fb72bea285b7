internal import Glibc

/// The file with the sealing keys: text, one key a line, `id created-at key`, for the eyes of its owner alone.
///
/// `id` is a number from 1, `created-at` the Unix time in seconds, `key` 32 random bytes in base64url (RFC 4648 §5)
/// without padding. The newest key seals; all of them open. A file appears and changes in one step, so that no reader
/// and no crash ever meets half of one. All errors are ``ConfigurationIssues``, with the lines that are wrong; none
/// repeats a key.
public enum KeysFile {
    /// One key.
    public struct Entry: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
        /// Unique in its file.
        public let id: UInt32
        /// Unix time in seconds.
        public let createdAt: Int64
        /// 32 bytes.
        public let bytes: [UInt8]

        /// Creates an entry.
        public init(id: UInt32, createdAt: Int64, bytes: [UInt8]) {
            self.id = id
            self.createdAt = createdAt
            self.bytes = bytes
        }

        /// Without the key itself.
        public var description: String { "key \(id), created at \(createdAt)" }
        public var customMirror: Mirror { Mirror(self, children: ["id": id, "createdAt": createdAt]) }
    }

    /// The length of a key in bytes.
    public static let keyLength = 32

    /// Reads the keys, oldest first.
    ///
    /// - Throws: if the file is missing, readable for others, or malformed.
    public static func load(_ path: String) throws(ConfigurationIssues) -> [Entry] {
        do {
            let descriptor = try FileBytes.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            defer { close(descriptor) }
            return try load(descriptor, path)
        } catch let error as FileError {
            throw KeysFile.issues(path, error)
        } catch let error as ConfigurationIssues {
            throw error
        } catch {
            throw KeysFile.issues(path, FileError(reason: "\(error)"))
        }
    }

    /// Reads the keys, oldest first; makes a file with one new key if there is none.
    ///
    /// Of several processes that do so at once, one makes the file and the others read it.
    ///
    /// - Parameters:
    ///   - path: the file; its directory must exist.
    ///   - random: returns so many bytes of cryptographic randomness.
    ///   - now: Unix time in seconds.
    public static func loadOrCreate(
        _ path: String, random: (Int) -> [UInt8], now: Int64
    ) throws(ConfigurationIssues) -> (keys: [Entry], created: Bool) {
        if access(path, F_OK) != 0, errno == ENOENT {
            let key = try newKey(path, id: 1, createdAt: now, random)
            do {
                if try publish([key], at: path, random, replacing: false) { return ([key], true) }
            } catch {
                throw issues(path, error)
            }
        }
        return (try load(path), false)
    }

    /// Adds a new key, which is the newest from now on, and drops keys that have not sealed anything for a while.
    ///
    /// - Parameters:
    ///   - path: an existing keys file.
    ///   - random: returns so many bytes of cryptographic randomness.
    ///   - now: Unix time in seconds.
    ///   - retireAfter: drops the keys whose successor is older than this, in seconds: use the longest life of a
    ///     handle, so that no browser loses its session. Nil drops nothing.
    /// - Returns: the keys that the file holds now, oldest first, and those that it does not hold any more.
    public static func rotate(
        _ path: String, random: (Int) -> [UInt8], now: Int64, retireAfter: Int64?
    ) throws(ConfigurationIssues) -> (keys: [Entry], retired: [Entry]) {
        do {
            let lock = try lockedDescriptor(path)
            defer { close(lock) }
            let old = try load(lock, path)
            // Later than all others, even if the clock was set back: the newest key is the one that seals.
            let newest = old.last?.createdAt ?? Int64.min
            let createdAt = newest < now ? now : newest.addingReportingOverflow(1).partialValue
            guard createdAt > newest, let id = freeID(old) else {
                throw issues(path, FileError(reason: "there is no room for a newer key"))
            }
            let all = old + [try newKey(path, id: id, createdAt: createdAt, random)]
            var kept: [Entry] = []
            var retired: [Entry] = []
            for (index, key) in all.enumerated() {
                if let retireAfter, index + 1 < all.count {
                    let (age, overflow) = now.subtractingReportingOverflow(all[index + 1].createdAt)
                    if !overflow, age > max(0, retireAfter) {
                        retired.append(key)
                        continue
                    }
                }
                kept.append(key)
            }
            _ = try publish(kept, at: try realPath(path), random, replacing: true)
            return (kept, retired)
        } catch let error as FileError {
            throw issues(path, error)
        } catch let error as ConfigurationIssues {
            throw error
        } catch {
            throw issues(path, FileError(reason: "\(error)"))
        }
    }

    // MARK: Parts

    private static func load(_ descriptor: CInt, _ path: String) throws -> [Entry] {
        let status = try FileBytes.status(descriptor)
        guard status.st_mode & 0o077 == 0 else {
            throw ConfigurationIssues([
                ConfigurationIssue(
                    file: path, message: "the keys file can be read by others (mode \(octal(status.st_mode & 0o777)))",
                    remedy: ["chmod 600 \(path)", "if others may have read it: tombolo keys rotate"])
            ])
        }
        return try KeysText.parse(try FileBytes.read(descriptor, limit: 1 << 20), file: path)
    }

    private static func newKey(
        _ path: String, id: UInt32, createdAt: Int64, _ random: (Int) -> [UInt8]
    ) throws(ConfigurationIssues) -> Entry {
        let bytes = random(keyLength)
        guard bytes.count == keyLength else {
            throw issues(path, FileError(reason: "the source of randomness returned \(bytes.count) bytes"))
        }
        return Entry(id: id, createdAt: createdAt, bytes: bytes)
    }

    private static func freeID(_ keys: [Entry]) -> UInt32? {
        let used = Set(keys.map(\.id))
        let (next, overflow) = (used.max() ?? 0).addingReportingOverflow(1)
        return overflow ? (1...UInt32.max).first { !used.contains($0) } : next
    }

    /// An open descriptor of the file with an exclusive lock, so that of two rotations none gets lost.
    private static func lockedDescriptor(_ path: String) throws(FileError) -> CInt {
        while true {
            let descriptor = try FileBytes.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    let code = errno
                    close(descriptor)
                    throw .system(code)
                }
            }
            // Whoever had the lock before has put another file in this one's place.
            var named = stat()
            var opened = stat()
            let isSame =
                stat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
                && named.st_dev == opened.st_dev
            if isSame { return descriptor }
            close(descriptor)
        }
    }

    /// The path without symbolic links: a rename onto a link would replace the link.
    private static func realPath(_ path: String) throws(FileError) -> String {
        guard let resolved = realpath(path, nil) else { throw .system(errno) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Writes a whole file beside `path`, and gives it that name in one step. False: somebody else has made the file.
    private static func publish(
        _ keys: [Entry], at path: String, _ random: (Int) -> [UInt8], replacing: Bool
    ) throws(FileError) -> Bool {
        let suffix = random(8).map { String($0, radix: 16) }.joined()
        let temporary = "\(path).\(getpid())-\(suffix).tmp"
        let descriptor = try FileBytes.open(
            temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode: 0o600)
        defer {
            close(descriptor)
            unlink(temporary)
        }
        guard fchmod(descriptor, 0o600) == 0 else { throw .system(errno) }
        try FileBytes.write(KeysText.format(keys), to: descriptor)
        guard fsync(descriptor) == 0 else { throw .system(errno) }
        if replacing {
            guard rename(temporary, path) == 0 else { throw .system(errno) }
        } else if link(temporary, path) != 0 {
            guard errno == EEXIST else { throw .system(errno) }
            return false
        }
        // The name is durable when the directory is.
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = try FileBytes.open(slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .system(errno) }
        return true
    }

    private static func issues(_ path: String, _ error: FileError) -> ConfigurationIssues {
        ConfigurationIssues([
            ConfigurationIssue(file: path, message: "the keys file: \(error.reason)", remedy: error.remedy)
        ])
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
