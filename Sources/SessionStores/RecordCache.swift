import NIOConcurrencyHelpers
public import Sessions

/// What the cache knows of a session's record.
public enum CacheAnswer: Equatable, Sendable {
    /// There is a record, and it was this a moment ago.
    case hit(StoredRecord)
    /// There was no record a moment ago.
    case absent
    /// The cache does not know; ask the store.
    case unknown
}

/// Copies of records, and of the knowledge that there is none, for a short time.
///
/// It may be used from any thread: it is divided into shards with a lock each, and asking takes one short lock and no
/// allocation. Each shard is bounded and evicts by the CLOCK rule (second chance).
///
/// A copy is never older than what the cache was told before. Two things see to that: a record never replaces one of
/// a greater version, and what was read from the store is only taken in if nothing about that session was written
/// or invalidated since the reading began. For the latter a reader takes a ``Moment`` *before* it asks the store.
public final class RecordCache: Sendable {
    /// A moment in the life of a session's cache entry; see ``begin(_:)``.
    public struct Moment: Sendable {
        let generation: UInt64
    }

    /// What the cache has seen since it was made.
    public struct Statistics: Equatable, Sendable {
        /// Questions answered with a record or with the knowledge that there is none.
        public var hits: UInt64 = 0
        /// Records that the store had to be asked for: see ``RecordCache/countMiss(_:)``.
        public var misses: UInt64 = 0
        /// Entries that had to make room for others.
        public var evictions: UInt64 = 0
        /// Entries held now, outlived ones included.
        public var entries: Int = 0

        /// All zero.
        public init() {}
    }

    private let shards: [NIOLockedValueBox<CacheShard>]
    private let mask: Int
    private let timeToLive: UInt64
    private let clock: @Sendable () -> UInt64

    /// An empty cache.
    ///
    /// - Parameters:
    ///   - capacity: how many entries it holds at most in all, rounded up to a multiple of the number of shards.
    ///   - timeToLive: how long an entry is believed, in nanoseconds; 0 switches the cache off. Writes of other
    ///     processes that the store cannot tell of go unseen for as long.
    ///   - shards: how many locks, rounded up to a power of two, 1 to 1024.
    ///   - clock: monotonic nanoseconds, from any origin.
    public init(
        capacity: Int = 65_536, timeToLive: UInt64 = 2_000_000_000, shards: Int = 64,
        clock: @escaping @Sendable () -> UInt64 = MonotonicClock.now
    ) {
        var count = 1
        while count < min(shards, 1024) { count *= 2 }
        let perShard = max(1, (max(1, min(capacity, 1 << 30)) + count - 1) / count)
        self.shards = (0..<count).map { _ in NIOLockedValueBox(CacheShard(capacity: perShard)) }
        self.mask = count - 1
        self.timeToLive = timeToLive
        self.clock = clock
    }

    /// What is known of a session's record now.
    public func get(_ id: SessionID) -> CacheAnswer {
        let now = clock()
        return shard(id).withLockedValue { $0.get(id, now: now) }
    }

    /// Notes that the store is asked for a record. A request may ask the cache more than once before it comes to that.
    public func countMiss(_ id: SessionID) { shard(id).withLockedValue { $0.countMiss() } }

    /// Takes the moment before which nothing is known: to be called *before* the store is read or written.
    public func begin(_ id: SessionID) -> Moment {
        shard(id).withLockedValue { Moment(generation: $0.generation(of: id)) }
    }

    /// Takes in what was read from the store (`nil`: no record).
    ///
    /// - Parameter since: the moment taken before the store was asked. If the session was written or invalidated after
    ///   it, what was read may be out of date and is left out.
    public func put(_ id: SessionID, _ stored: StoredRecord?, since moment: Moment) {
        guard let deadline else { return }
        shard(id).withLockedValue { shard in
            guard shard.generation(of: id) == moment.generation else { return }
            shard.put(id, stored, deadline: deadline)
        }
    }

    /// Takes in what this process has just written to the store (`nil`: it removed the record), and keeps out whatever
    /// others read before.
    ///
    /// - Parameter since: the moment taken before the store was written. If the session was written or invalidated
    ///   after it, the order of the two is unknown: an older copy is dropped, and a new one is not put in its place.
    public func wrote(_ id: SessionID, _ stored: StoredRecord?, since moment: Moment) {
        let deadline = deadline
        shard(id).withLockedValue { shard in
            let isUndisturbed = shard.generation(of: id) == moment.generation
            shard.advanceGeneration(of: id)
            if isUndisturbed, let deadline {
                shard.put(id, stored, deadline: deadline)
            } else {
                shard.drop(id, unlessNewerThan: stored?.version)
            }
        }
    }

    /// Forgets a session's entry, and keeps out whatever others read before.
    public func invalidate(_ id: SessionID) {
        shard(id).withLockedValue { shard in
            shard.advanceGeneration(of: id)
            shard.drop(id, unlessNewerThan: nil)
        }
    }

    /// Forgets everything, and keeps out whatever others read before: for when a store's announcements were cut off.
    public func invalidateAll() {
        for shard in shards { shard.withLockedValue { $0.removeAll() } }
    }

    /// What the cache has seen since it was made, added up over the shards.
    public var statistics: Statistics {
        var sum = Statistics()
        for shard in shards {
            let one = shard.withLockedValue { $0.statistics }
            sum.hits &+= one.hits
            sum.misses &+= one.misses
            sum.evictions &+= one.evictions
            sum.entries += one.entries
        }
        return sum
    }

    private func shard(_ id: SessionID) -> NIOLockedValueBox<CacheShard> {
        shards[Int(truncatingIfNeeded: id.low) & mask]
    }

    /// Until when an entry made now is believed; `nil` when the cache is off.
    private var deadline: UInt64? {
        guard timeToLive > 0 else { return nil }
        let (sum, overflow) = clock().addingReportingOverflow(timeToLive)
        return overflow ? .max : sum
    }
}
