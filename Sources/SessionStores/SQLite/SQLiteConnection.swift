import CSQLite

/// One connection to the database file.
///
/// It has no lock (`SQLITE_OPEN_NOMUTEX`): the thread that opened it hands it to the one thread that uses it from then
/// on, which is what `@unchecked Sendable` relies on.
final class SQLiteConnection: @unchecked Sendable {
    enum Access { case readWrite, readOnly }

    let path: String
    private var handle: OpaquePointer?
    private var kept: [SQLiteStatement] = []

    /// Opens a file that exists.
    ///
    /// - Parameter busyTimeout: how long to wait for another process's lock, in milliseconds.
    init(path: String, access: Access, busyTimeout: Int32) throws(StoreError) {
        self.path = path
        let flags = access == .readWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        // A leading "./" keeps ":memory:" and "file:" names of files.
        let name = path.hasPrefix("/") ? path : "./" + path
        let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK else {
            let error = failure(code)
            close()
            throw error
        }
        sqlite3_busy_timeout(handle, busyTimeout)
    }

    deinit { close() }

    /// Finalizes the kept statements, without which SQLite would put off the closing, and closes.
    func close() {
        for statement in kept { statement.finalize() }
        kept = []
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Whether SQLite could open the file for reading only.
    var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

    /// Whether no transaction is open.
    var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// The rows that the last INSERT, UPDATE or DELETE changed.
    var changedRows: Int { Int(sqlite3_changes(handle)) }

    /// Runs a statement without parameters to its end, rows ignored.
    func execute(_ sql: String) throws(StoreError) {
        let statement = try prepare(sql, isKept: false)
        while try statement.step() {}
    }

    /// The first column of the first row, or `nil`.
    func integer(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try prepare(sql, isKept: false)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The first column of the first row, or `nil`.
    func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql, isKept: false)
        return try statement.step() ? statement.text(0) : nil
    }

    /// Compiles a statement.
    ///
    /// - Parameter isKept: whether it will be used as long as the connection is open.
    func prepare(_ sql: String, isKept: Bool = true) throws(StoreError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let flags = isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        let compiled = SQLiteStatement(statement, of: self)
        if isKept { kept.append(compiled) }
        return compiled
    }

    /// The error of the last call.
    func failure(_ code: Int32) -> StoreError {
        let detail = handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        return .sqlite(code, detail.map { String(cString: $0) } ?? "failed", path: path)
    }
}
