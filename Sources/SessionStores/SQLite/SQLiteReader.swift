import Sessions

/// A read in the queue; it reports its own result.
typealias SQLiteReadJob = @Sendable (SQLiteReader) -> Void

/// A connection that reads, beside the writer and without waiting for it (write-ahead logging).
final class SQLiteReader: @unchecked Sendable {
    static let getSQL = "SELECT version, record FROM sessions WHERE id = ?1 AND expires_at > ?2"

    private let connection: SQLiteConnection
    private let getStatement, countStatement, listStatement, listUserStatement: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        getStatement = try connection.prepare(Self.getSQL)
        countStatement = try connection.prepare("SELECT count(*) FROM sessions WHERE expires_at > ?1")
        // Every id is greater than the empty blob. The unary plus keeps the planner from the index on expiry, which
        // would have to sort all records for one page.
        listStatement = try connection.prepare(
            "SELECT version, record, id FROM sessions WHERE id > ?1 AND +expires_at > ?2 ORDER BY id LIMIT ?3")
        listUserStatement = try connection.prepare(
            """
            SELECT version, record, id FROM sessions WHERE user = ?4 AND id > ?1 AND +expires_at > ?2
            ORDER BY id LIMIT ?3
            """)
    }

    /// Works until the queue is closed and empty.
    func work(on queue: WorkQueue<SQLiteReadJob>) {
        while let job = queue.take(atMost: 1).first { job(self) }
    }

    /// Closes the connection; to be called last.
    func close() { connection.close() }

    func get(_ id: SessionID, now: Timestamp) throws(StoreError) -> StoredRecord? {
        try Self.get(id, by: getStatement, now: now, path: connection.path)
    }

    func count(now: Timestamp) throws(StoreError) -> Int {
        try countStatement.use([.integer(now.seconds)]) { row throws(StoreError) in
            try row.step() ? Int(row.integer(0)) : 0
        }
    }

    func list(
        user: String?, after: SessionID?, limit: Int, now: Timestamp
    ) throws(StoreError) -> [(SessionID, StoredRecord)] {
        var values: [SQLiteValue] = [
            .blob(after?.bytes ?? []), .integer(now.seconds), .integer(Int64(max(0, limit))),
        ]
        if let user { values.append(.text(user)) }
        return try (user == nil ? listStatement : listUserStatement).use(values) { row throws(StoreError) in
            var page: [(SessionID, StoredRecord)] = []
            while try row.step() {
                guard let id = SessionID(bytes: row.blob(2)) else {
                    throw StoreError(
                        .corrupt, "session store \(connection.path): a session's id is not 16 bytes; restore a backup")
                }
                page.append((id, try Self.record(of: id, in: row, path: connection.path)))
            }
            return page
        }
    }

    /// Runs ``getSQL``; the writer looks up the other side of a conflict by it too.
    static func get(
        _ id: SessionID, by statement: SQLiteStatement, now: Timestamp, path: String
    ) throws(StoreError) -> StoredRecord? {
        try statement.use([.blob(id.bytes), .integer(now.seconds)]) { row throws(StoreError) in
            try row.step() ? record(of: id, in: row, path: path) : nil
        }
    }

    private static func record(
        of id: SessionID, in row: SQLiteStatement, path: String
    ) throws(StoreError) -> StoredRecord {
        do {
            return StoredRecord(record: try SessionRecord.decode(row.blob(1)), version: row.integer(0))
        } catch {
            throw StoreError(
                .undecodable,
                "session store \(path): the record of session \(id)… is damaged or of a newer version: \(error)")
        }
    }
}
