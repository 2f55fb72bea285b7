#if canImport(Glibc)
    internal import Glibc
#endif

/// Notices that files have changed by looking at them, a few times a second.
///
/// Looking costs a handful of system calls and works on every file system, over symbolic links that are switched and
/// files that are renamed into place, all of which a kernel watch has to be told about.
struct FileWatch: Sendable {
    /// What tells one content of a file from the next without reading it.
    private struct Stamp: Equatable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds: Int = 0
        var nanoseconds: Int = 0
    }

    private var stamps: [String: Stamp] = [:]

    /// Begins to watch these files as they are now.
    init(_ paths: [String]) {
        for path in paths { stamps[path] = Self.stamp(path) }
    }

    /// The files that have changed since the last call.
    mutating func changes() -> [String] {
        stamps.keys.sorted().filter { path in
            let now = Self.stamp(path)
            guard now != stamps[path] else { return false }
            stamps[path] = now
            return true
        }
    }

    private static func stamp(_ path: String) -> Stamp {
        var info = stat()
        guard stat(path, &info) == 0 else { return Stamp() }
        return Stamp(
            device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size),
            seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec)
    }
}
