import CSQLite

extension StoreError {
    /// The error of a connection's last call.
    ///
    /// - Parameters:
    ///   - code: the extended result code (sqlite.org/rescode.html).
    ///   - detail: SQLite's own words.
    ///   - path: the database file.
    static func sqlite(_ code: Int32, _ detail: String, path: String) -> StoreError {
        let (kind, advice) = judgement(code)
        return StoreError(kind, "session store \(path): \(detail) (SQLite result \(code)); \(advice)")
    }

    private static func judgement(_ code: Int32) -> (Kind, String) {
        // The low byte is the primary result code, whatever extension is above it.
        switch code & 0xff {
        case SQLITE_FULL:
            (.full, "make room on its disk or raise its size limit; it goes on by itself then")
        case SQLITE_BUSY, SQLITE_LOCKED:
            (.busy, "another process keeps it locked: look for a backup, a shell or a second server on this file")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            (.corrupt, "the file is damaged or is no database: move it away with its -wal file, or restore a backup")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            (.readOnly, "let this user write the file and its directory, and do not move the file while it is in use")
        case SQLITE_CANTOPEN:
            (.unavailable, "check that its directory exists and that this user may write there")
        case SQLITE_IOERR, SQLITE_NOLFS, SQLITE_PROTOCOL, SQLITE_NOMEM:
            (.inputOutput, "check its disk and the system log")
        default:
            (.refused, "the statement was refused; other sessions are not affected")
        }
    }
}
