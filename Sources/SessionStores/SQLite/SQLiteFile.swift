#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The database file before SQLite gets it.
enum SQLiteFile {
    /// Makes the file if there is none, readable and writable by its owner only. SQLite gives its log the same mode.
    static func create(_ path: String) throws(StoreError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw StoreError(.unavailable, "the path of the session store is empty or contains a zero byte")
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600))
        guard descriptor < 0 else {
            close(descriptor)
            return
        }
        let code = errno
        switch code {
        case EEXIST:
            return
        case EACCES, EPERM, EROFS:
            throw StoreError(
                .readOnly,
                "session store \(path): cannot be created (\(reason(code))); let this user write its directory")
        case ENOSPC, EDQUOT:
            throw StoreError(.full, "session store \(path): cannot be created (\(reason(code))); make room on its disk")
        default:
            throw StoreError(
                .unavailable,
                "session store \(path): cannot be created (\(reason(code))); check that its directory exists")
        }
    }

    private static func reason(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
