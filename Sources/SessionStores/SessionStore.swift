public import Sessions

/// A session record together with the version the store gave it.
public struct StoredRecord: Equatable, Sendable {
    /// What is remembered of the session.
    public var record: SessionRecord { shared.record }
    /// The same, to be handed on.
    public let shared: SessionRecord.Shared
    /// An opaque number that is new with every write of the record. Of two versions of one session the greater is the
    /// later one, also when the record was removed and created again in between.
    public let version: Int64

    /// Puts a record and its version together.
    public init(record: SessionRecord, version: Int64) {
        shared = SessionRecord.Shared(record)
        self.version = version
    }
}

/// What became of a ``SessionStore/compareAndSet(_:expected:record:expiresAt:)``.
public enum CompareAndSetResult: Equatable, Sendable {
    /// The record was written and is durable; its new version.
    case stored(version: Int64)
    /// Nothing was written: this is there instead (`nil`: no record).
    case conflict(StoredRecord?)
}

/// Where session records and spent tickets are kept.
///
/// A store knows single records only: there is no transaction over several of them, since merges and revocations are
/// forwarding marks on one record each. Every store passes the same conformance suite.
///
/// *Trouble is never a miss.* Every method throws ``StoreError`` when the store cannot answer; `nil`, `false` and an
/// empty page always mean that the store looked and found nothing.
///
/// *Cancellation*: a call that has been handed to the store runs to its end and returns its true result also when
/// the task was cancelled, since a write cannot be called back. Calls never block the thread that awaits them.
public protocol SessionStore: Sendable {
    /// The record of a session.
    ///
    /// - Returns: `nil` when there is none, or when it has expired.
    /// - Throws: ``StoreError``.
    func get(_ id: SessionID) async throws -> StoredRecord?

    /// Writes a record if the store still holds what the caller believes it holds.
    ///
    /// - Parameters:
    ///   - id: the session.
    ///   - expected: the version that must be there, or `nil`: there must be no (live) record.
    ///   - record: what to write.
    ///   - expiresAt: from this moment on the record counts as absent and may be dropped.
    /// - Returns: ``CompareAndSetResult/stored(version:)`` once the write is durable; else the record that is there.
    /// - Throws: ``StoreError``; after an error the write may or may not have happened.
    func compareAndSet(
        _ id: SessionID, expected: Int64?, record: SessionRecord, expiresAt: Timestamp
    ) async throws -> CompareAndSetResult

    /// Removes a record if it still has the expected version.
    ///
    /// - Returns: whether it was removed; `false` when there is none, it has expired, or its version is another.
    /// - Throws: ``StoreError``.
    func remove(_ id: SessionID, expected: Int64) async throws -> Bool

    /// Spends a single-use ticket.
    ///
    /// - Parameters:
    ///   - ticket: the ticket's id.
    ///   - until: when the ticket is too late by itself, so that the store may forget that it was spent.
    /// - Returns: `true` for exactly one call per ticket, over all processes on the same store; `false` for every
    ///   other, and when `until` has passed.
    /// - Throws: ``StoreError``.
    func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool

    /// One page of the live records, in ascending order of the session ids' bytes.
    ///
    /// - Parameters:
    ///   - after: the last id of the page before; `nil` for the first page.
    ///   - limit: how many records at most, 1 or more; a smaller number gives an empty page.
    /// - Throws: ``StoreError``.
    func list(after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)]

    /// One page of the live records that are bound to a user, whose name is compared byte by byte; see
    /// ``list(after:limit:)``.
    ///
    /// - Throws: ``StoreError``.
    func list(user: String, after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)]

    /// Drops expired records, and spent tickets whose `until` passed an hour ago or more: a clock that jumps ahead by an
    /// hour and back must not make a ticket good for a second time.
    ///
    /// - Returns: how many records and spent tickets were dropped.
    /// - Throws: ``StoreError``.
    func sweep() async throws -> Int

    /// How many live records there are; spent tickets do not count.
    ///
    /// - Throws: ``StoreError``.
    func count() async throws -> Int

    /// The ids of sessions whose record was written or removed, by this process, and by others where the backend can
    /// tell. Each access gives a new stream that starts now and ends when the store is closed.
    ///
    /// A stream that is not read fast enough loses its oldest ids: it serves to shorten the life of cached copies, and
    /// what it misses is covered by their time to live. Expiry is not a change.
    var changes: AsyncStream<SessionID> { get }

    /// Finishes what is queued, then gives up files and connections. Later calls throw ``StoreError/Kind/closed``.
    func close() async
}

extension SessionStore {
    /// The page for one user by looking through all records, for stores that have no index for it.
    ///
    /// - Throws: ``StoreError``.
    public func list(user: String, after: SessionID?, limit: Int) async throws -> [(SessionID, StoredRecord)] {
        var found: [(SessionID, StoredRecord)] = []
        var last = after
        while found.count < limit {
            let page = try await list(after: last, limit: 256)
            guard let end = page.last else { break }
            last = end.0
            for entry in page {
                guard let bound = entry.1.record.user, bound.utf8.elementsEqual(user.utf8) else { continue }
                found.append(entry)
                if found.count == limit { break }
            }
        }
        return found
    }
}
