import CSQLite

/// The tables, and the number that says which edition of them a file has (`PRAGMA user_version`).
enum SQLiteSchema {
    /// The edition that this program writes. Editions are added at the end of ``steps``, never changed.
    static let version = Int64(steps.count)

    /// `PRAGMA application_id` of our files: "Tmbl".
    static let application: Int64 = 0x546d_626c

    /// Step n leads from edition n to edition n + 1.
    private static let steps: [[String]] = [
        [
            """
            CREATE TABLE sessions (
                id BLOB PRIMARY KEY, version INTEGER NOT NULL, expires_at INTEGER NOT NULL, user TEXT,
                record BLOB NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
            "CREATE INDEX sessions_by_user ON sessions (user, id) WHERE user IS NOT NULL",
            "CREATE TABLE spent_tickets (id BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE INDEX spent_tickets_by_expiry ON spent_tickets (expires_at)",
            // The last version given to any record: versions never come back, not even those of removed records.
            "CREATE TABLE last_version (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT",
            "INSERT INTO last_version VALUES (1, 0)",
        ]
    ]

    /// Makes a file ready for use: checks that it is ours, switches it to write-ahead logging, brings its tables up to
    /// the present edition. A file that is not ours, or newer, is left as it is.
    static func prepare(_ connection: SQLiteConnection, synchronous: SQLiteStore.Options.Synchronous)
        throws(StoreError)
    {
        _ = try edition(of: connection)
        if connection.isReadOnly {
            throw StoreError.sqlite(SQLITE_READONLY, "the file can be read but not written", path: connection.path)
        }
        let mode = try connection.text("PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw StoreError(
                .unavailable,
                "session store \(connection.path): its file system has no shared memory for SQLite's write-ahead log "
                    + "(a network share?); put the file on a local disk")
        }
        try connection.execute("PRAGMA synchronous = \(synchronous.rawValue)")
        try connection.execute("PRAGMA cell_size_check = ON")
        // A write-ahead log that a long read made grow shrinks again at the next checkpoint.
        try connection.execute("PRAGMA journal_size_limit = 16777216")
        try upgrade(connection)
    }

    private static func upgrade(_ connection: SQLiteConnection) throws(StoreError) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            // Looked up again under the lock: another process may have been faster.
            let present = try edition(of: connection)
            for step in steps.dropFirst(Int(clamping: present)) {
                for statement in step { try connection.execute(statement) }
            }
            if present < version {
                try connection.execute("PRAGMA application_id = \(application)")
                try connection.execute("PRAGMA user_version = \(version)")
            }
            try connection.execute("COMMIT")
        } catch {
            if !connection.isAutocommit { try connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// The edition of a file; 0 for an empty one.
    private static func edition(of connection: SQLiteConnection) throws(StoreError) -> Int64 {
        let application = try connection.integer("PRAGMA application_id") ?? 0
        let version = try connection.integer("PRAGMA user_version") ?? 0
        let isEmpty = try connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        if isEmpty, application == 0, version == 0 { return 0 }
        guard application == Self.application, version > 0 else {
            throw StoreError(
                .corrupt,
                "session store \(connection.path): this is the database of another program; give the session store a "
                    + "file of its own")
        }
        guard version <= Self.version else {
            throw StoreError(
                .newerSchema,
                "session store \(connection.path): written by a newer version of this program (schema \(version), "
                    + "this one knows up to \(Self.version)); run the newer version, or start with another file")
        }
        return version
    }
}
