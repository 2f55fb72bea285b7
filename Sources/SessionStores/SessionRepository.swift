public import Sessions

/// Session records for the rest of the program: a store with a cache before it.
///
/// One repository serves one set of timeouts. Groups with different ones have a repository each; these share store and
/// cache, and one of them ``run()``s.
public final class SessionRepository: Sendable {
    /// Where records are kept.
    public let store: any SessionStore
    /// Copies of records.
    public let cache: RecordCache

    private static let maxTries = 32

    private let timeouts: SessionTimeouts
    private let gate = UpdateGate()
    private let untilNextSweep: @Sendable () async throws -> Void
    private let reportTrouble: @Sendable (StoreError) -> Void

    /// A store with a cache before it.
    ///
    /// - Parameters:
    ///   - store: where records are kept.
    ///   - cache: copies of records.
    ///   - timeouts: when a record may be dropped follows from these; see `SessionRecord.expiry(timeouts:)`.
    ///   - reportTrouble: is told of errors that no caller waits for: those of sweeping.
    ///   - untilNextSweep: returns when it is time to sweep again; throws to end ``run()``. By default a minute.
    public init(
        store: any SessionStore, cache: RecordCache, timeouts: SessionTimeouts,
        reportTrouble: @escaping @Sendable (StoreError) -> Void = { _ in },
        untilNextSweep: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(60)) }
    ) {
        self.store = store
        self.cache = cache
        self.timeouts = timeouts
        self.reportTrouble = reportTrouble
        self.untilNextSweep = untilNextSweep
    }

    /// What the cache knows of a session's record: for the hot path, without suspension and without allocation.
    public func cached(_ id: SessionID) -> CacheAnswer { cache.get(id) }

    /// The record of a session, from the cache if it knows, else from the store.
    ///
    /// - Returns: `nil`: there is none.
    /// - Throws: ``StoreError`` when the store cannot tell; that is not a miss.
    public func load(_ id: SessionID) async throws -> StoredRecord? {
        switch cache.get(id) {
        case .hit(let stored): stored
        case .absent: nil
        case .unknown: try await read(id, since: cache.begin(id))
        }
    }

    /// Changes a record, makes one, or removes it, and never loses what another writes meanwhile.
    ///
    /// Updates of one session in this process take turns; if another process is faster, `mutate` is called again with
    /// what that one wrote. The cache knows the outcome before this returns.
    ///
    /// - Parameter mutate: changes the record it is given (`nil`: there is none; setting one makes it, setting `nil`
    ///   removes it). It may be called several times, each time with a fresh record: only the last call counts. If it
    ///   changes nothing, nothing is written. What it throws ends the update, with nothing written.
    /// - Returns: the record as it is stored now; `nil`: there is none.
    /// - Throws: what `mutate` throws; ``StoreError``, of kind ``StoreError/Kind/contended`` when others were faster
    ///   many times running.
    @discardableResult
    public func update(
        _ id: SessionID, mutate: @Sendable (inout SessionRecord?) throws -> Void
    ) async throws -> StoredRecord? {
        try await updateWithVerdict(id, mutate: mutate).stored
    }

    /// Like ``update(_:mutate:)``, and also gives what the last call of `mutate` returned.
    public func updateWithVerdict<Verdict: Sendable>(
        _ id: SessionID, mutate: @Sendable (inout SessionRecord?) throws -> Verdict
    ) async throws -> (stored: StoredRecord?, verdict: Verdict) {
        try await gate.pass(id) {
            var moment = cache.begin(id)
            var isFresh = false
            var present: StoredRecord?
            switch cache.get(id) {
            case .hit(let stored): present = stored
            case .absent: present = nil
            case .unknown:
                present = try await read(id, since: moment)
                isFresh = true
            }
            for _ in 0..<Self.maxTries {
                var record = present?.record
                let verdict = try mutate(&record)
                if Self.isSame(record, present?.record) {
                    // «Nothing to change» may rest on an outlived copy: that is for the store to confirm.
                    if isFresh { return (present, verdict) }
                } else {
                    switch try await write(id, present: present, record: record, since: moment) {
                    case .done(let stored): return (stored, verdict)
                    case .faster(let other):
                        cache.put(id, other, since: moment)
                        present = other
                        isFresh = true
                        moment = cache.begin(id)
                        continue
                    }
                }
                moment = cache.begin(id)
                present = try await read(id, since: moment)
                isFresh = true
            }
            throw StoreError(
                .contended, "the record of session \(id)… changed under \(Self.maxTries) tries to write it")
        }
    }

    /// Spends a ticket; see ``SessionStore/spend(_:until:)``.
    ///
    /// - Throws: ``StoreError``.
    public func spend(_ ticket: TicketID, until: Timestamp) async throws -> Bool {
        try await store.spend(ticket, until: until)
    }

    /// Sweeps the store on its schedule, and forgets cached copies that the store says were overtaken. Returns when the
    /// task is cancelled, or the store closed and the schedule ended. A sweep that fails is reported and tried again at
    /// its next time.
    ///
    /// - Parameter followsChanges: whether the store's announcements matter. Where all writers share this cache (one
    ///   process on an embedded store) every announcement is an echo of what the cache knows already, and following it
    ///   would only cost a read.
    public func run(followsChanges: Bool = true) async {
        await withTaskGroup(of: Void.self) { group in
            if followsChanges {
                group.addTask { [store, cache] in
                    for await id in store.changes { cache.invalidate(id) }
                }
            }
            group.addTask { await self.sweepOnSchedule() }
        }
    }

    private func sweepOnSchedule() async {
        while !Task.isCancelled {
            do {
                try await untilNextSweep()
            } catch {
                // The schedule's way to say that there is no next time; cancellation is one.
                return
            }
            do {
                _ = try await store.sweep()
            } catch let error as StoreError {
                if error.kind == .closed { return }
                reportTrouble(error)
            } catch {
                reportTrouble(StoreError(.unavailable, "sweeping the session store failed: \(error)"))
            }
        }
    }

    private func read(_ id: SessionID, since moment: RecordCache.Moment) async throws -> StoredRecord? {
        cache.countMiss(id)
        let stored = try await store.get(id)
        cache.put(id, stored, since: moment)
        return stored
    }

    private enum WriteResult {
        case done(StoredRecord?)
        /// Another was faster, and this is what it wrote.
        case faster(StoredRecord?)
    }

    private func write(
        _ id: SessionID, present: StoredRecord?, record: SessionRecord?, since moment: RecordCache.Moment
    ) async throws -> WriteResult {
        do {
            guard let record else {
                guard let present, try await store.remove(id, expected: present.version) else {
                    return .faster(try await store.get(id))
                }
                cache.wrote(id, nil, since: moment)
                return .done(nil)
            }
            let result = try await store.compareAndSet(
                id, expected: present?.version, record: record, expiresAt: record.expiry(timeouts: timeouts))
            switch result {
            case .conflict(let other):
                return .faster(other)
            case .stored(let version):
                let stored = StoredRecord(record: record, version: version)
                cache.wrote(id, stored, since: moment)
                return .done(stored)
            }
        } catch {
            // The write may have happened all the same.
            cache.invalidate(id)
            throw error
        }
    }

    /// Byte by byte: two strings that Swift calls equal (canonical equivalence) can be different cookies.
    private static func isSame(_ left: SessionRecord?, _ right: SessionRecord?) -> Bool {
        guard left == right else { return false }
        guard let left, let right else { return true }
        return left.encode() == right.encode()
    }
}
