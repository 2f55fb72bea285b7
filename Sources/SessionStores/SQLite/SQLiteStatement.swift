import CSQLite

/// A value bound to a parameter.
enum SQLiteValue {
    case integer(Int64)
    case text(String?)
    case blob([UInt8])
}

/// A compiled statement. It belongs to its connection's thread.
final class SQLiteStatement {
    private var handle: OpaquePointer?
    /// Whoever keeps a statement keeps the connection too.
    private unowned let connection: SQLiteConnection

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { finalize() }

    /// Gives it up; using it afterwards is an error of SQLite's (`SQLITE_MISUSE`).
    func finalize() {
        sqlite3_finalize(handle)
        handle = nil
    }

    /// Runs it once from the start: binds, lets `body` step through the rows, and resets it whatever happens.
    func use<Value>(
        _ values: [SQLiteValue], _ body: (SQLiteStatement) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        defer {
            // The result repeats the error of the last step, which has been thrown already.
            _ = sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        var index: Int32 = 1
        for value in values {
            try bind(value, at: index)
            index += 1
        }
        return try body(self)
    }

    /// Runs it to its end; the rows are ignored.
    func run(_ values: SQLiteValue...) throws(StoreError) {
        try use(values) { statement throws(StoreError) in while try statement.step() {} }
    }

    /// Goes to the next row; `false` at the end.
    func step() throws(StoreError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw connection.failure(code)
        }
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func text(_ column: Int32) -> String? {
        sqlite3_column_text(handle, column).map { String(cString: $0) }
    }

    func blob(_ column: Int32) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }

    private func bind(_ value: SQLiteValue, at index: Int32) throws(StoreError) {
        let code =
            switch value {
            case .integer(let number): sqlite3_bind_int64(handle, index, number)
            case .text(nil): sqlite3_bind_null(handle, index)
            case .text(let text?): bindText(text, at: index)
            case .blob(let bytes): bindBlob(bytes, at: index)
            }
        guard code == SQLITE_OK else { throw connection.failure(code) }
    }

    private func bindText(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            guard let count = Int32(exactly: bytes.count) else { return SQLITE_TOOBIG }
            return bytes.withMemoryRebound(to: CChar.self) {
                csqlite_bind_text_copy(handle, index, $0.baseAddress, count)
            }
        }
    }

    private func bindBlob(_ bytes: [UInt8], at index: Int32) -> Int32 {
        guard let count = Int32(exactly: bytes.count) else { return SQLITE_TOOBIG }
        return bytes.withUnsafeBytes { csqlite_bind_blob_copy(handle, index, $0.baseAddress, count) }
    }
}
