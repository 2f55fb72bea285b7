import Sessions

/// A write in the queue.
struct SQLiteWriteJob: Sendable {
    /// Runs the statements inside the open transaction; what it returns reports success, and is called after COMMIT.
    /// It changes rows by one statement at most, so that a failure leaves nothing half done.
    let perform: @Sendable (SQLiteWriter) throws(StoreError) -> (@Sendable () -> Void)
    /// Reports failure.
    let fail: @Sendable (StoreError) -> Void
}

/// The one connection that writes. Whatever is queued when it gets to work goes into one transaction.
final class SQLiteWriter: @unchecked Sendable {
    /// More in one transaction gains nothing and makes the first of them wait.
    private static let batchLimit = 512

    private let connection: SQLiteConnection
    private let statements: Statements
    /// The last version given away, while a transaction that gave one is open.
    private var lastVersion: Int64?

    private struct Statements {
        let begin, commit, rollback, readVersion, writeVersion: SQLiteStatement
        let get, insert, update, remove, spend, sweepSessions, sweepTickets: SQLiteStatement
    }

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        statements = Statements(
            begin: try connection.prepare("BEGIN IMMEDIATE"),
            commit: try connection.prepare("COMMIT"),
            rollback: try connection.prepare("ROLLBACK"),
            readVersion: try connection.prepare("SELECT value FROM last_version"),
            writeVersion: try connection.prepare("UPDATE last_version SET value = ?1"),
            get: try connection.prepare(SQLiteReader.getSQL),
            // An expired record counts as absent: it is written over.
            insert: try connection.prepare(
                """
                INSERT INTO sessions (id, version, expires_at, user, record) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at,
                    user = excluded.user, record = excluded.record WHERE sessions.expires_at <= ?6
                """),
            update: try connection.prepare(
                """
                UPDATE sessions SET version = ?2, expires_at = ?3, user = ?4, record = ?5
                WHERE id = ?1 AND expires_at > ?6 AND version = ?7
                """),
            remove: try connection.prepare(
                "DELETE FROM sessions WHERE id = ?1 AND version = ?2 AND expires_at > ?3"),
            spend: try connection.prepare(
                "INSERT INTO spent_tickets (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING"),
            sweepSessions: try connection.prepare(
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ?1 LIMIT ?2)"),
            sweepTickets: try connection.prepare(
                "DELETE FROM spent_tickets WHERE id IN (SELECT id FROM spent_tickets WHERE expires_at <= ?1 LIMIT ?2)"))
    }

    /// Works until the queue is closed and empty.
    func work(on queue: WorkQueue<SQLiteWriteJob>) {
        while true {
            let batch = queue.take(atMost: Self.batchLimit)
            if batch.isEmpty { return }
            write(batch)
        }
    }

    /// Closes the connection; to be called last.
    func close() { connection.close() }

    // MARK: Transactions

    /// Why a transaction came to nothing.
    private struct Lost: Error {
        let error: StoreError
        /// Whether it ever began: if not, nothing was tried and trying its writes one by one is of no use.
        let hadBegun: Bool
    }

    private func write(_ batch: [SQLiteWriteJob]) {
        do throws(Lost) {
            for report in try transact(batch) { report() }
        } catch {
            guard error.hadBegun, batch.count > 1 else {
                for job in batch { job.fail(error.error) }
                return
            }
            // One of them took the others along (a full disk rolls everything back): each gets a transaction of its own.
            for job in batch { write([job]) }
        }
    }

    private func transact(_ batch: [SQLiteWriteJob]) throws(Lost) -> [@Sendable () -> Void] {
        var reports: [@Sendable () -> Void] = []
        lastVersion = nil
        do throws(StoreError) { try statements.begin.run() } catch { throw Lost(error: error, hadBegun: false) }
        do throws(StoreError) {
            for job in batch {
                do throws(StoreError) {
                    reports.append(try job.perform(self))
                } catch {
                    // Most errors undo the one statement only; some end the whole transaction.
                    if connection.isAutocommit { throw error }
                    reports.append { job.fail(error) }
                }
            }
            if let lastVersion { try statements.writeVersion.run(.integer(lastVersion)) }
            try statements.commit.run()
            return reports
        } catch {
            throw Lost(error: rolledBack(error), hadBegun: true)
        }
    }

    /// Undoes what is left of a failed transaction; gives the error to report.
    private func rolledBack(_ error: StoreError) -> StoreError {
        guard !connection.isAutocommit else { return error }
        do throws(StoreError) {
            try statements.rollback.run()
            return error
        } catch let second {
            return StoreError(error.kind, "\(error.message); rolling back failed too: \(second.message)")
        }
    }

    // MARK: What a job may do

    /// See ``SessionStore/compareAndSet(_:expected:record:expiresAt:)``.
    func compareAndSet(
        _ id: SessionID, expected: Int64?, user: String?, encoded: [UInt8], expiresAt: Timestamp, now: Timestamp
    ) throws(StoreError) -> CompareAndSetResult {
        let version = try nextVersion()
        let key = SQLiteValue.blob(id.bytes)
        if let expected {
            try statements.update.run(
                key, .integer(version), .integer(expiresAt.seconds), .text(user), .blob(encoded),
                .integer(now.seconds), .integer(expected))
        } else {
            try statements.insert.run(
                key, .integer(version), .integer(expiresAt.seconds), .text(user), .blob(encoded),
                .integer(now.seconds))
        }
        if connection.changedRows == 1 { return .stored(version: version) }
        return .conflict(try SQLiteReader.get(id, by: statements.get, now: now, path: connection.path))
    }

    /// See ``SessionStore/remove(_:expected:)``.
    func remove(_ id: SessionID, expected: Int64, now: Timestamp) throws(StoreError) -> Bool {
        try statements.remove.run(.blob(id.bytes), .integer(expected), .integer(now.seconds))
        return connection.changedRows == 1
    }

    /// See ``SessionStore/spend(_:until:)``.
    func spend(_ ticket: TicketID, until: Timestamp, now: Timestamp) throws(StoreError) -> Bool {
        guard until > now else { return false }
        try statements.spend.run(.blob(ticket.bytes), .integer(until.seconds))
        return connection.changedRows == 1
    }

    /// Drops up to `limit` records that expired by then; gives their number.
    func sweepSessions(expiredAt moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        try statements.sweepSessions.run(.integer(moment.seconds), .integer(Int64(limit)))
        return connection.changedRows
    }

    /// Drops up to `limit` spent tickets that expired by then; gives their number.
    func sweepTickets(expiredAt moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        try statements.sweepTickets.run(.integer(moment.seconds), .integer(Int64(limit)))
        return connection.changedRows
    }

    private func nextVersion() throws(StoreError) -> Int64 {
        let last = if let lastVersion { lastVersion } else { try storedVersion() }
        let (next, overflow) = last.addingReportingOverflow(1)
        guard !overflow else { throw damagedVersion() }
        lastVersion = next
        return next
    }

    private func storedVersion() throws(StoreError) -> Int64 {
        let stored = try statements.readVersion.use([]) { row throws(StoreError) -> Int64? in
            try row.step() ? row.integer(0) : nil
        }
        guard let stored else { throw damagedVersion() }
        return stored
    }

    private func damagedVersion() -> StoreError {
        StoreError(.corrupt, "session store \(connection.path): its table last_version is damaged; restore a backup")
    }
}
