import Sessions

/// One part of a ``RecordCache``: a bounded table with CLOCK eviction. Its owner holds the lock.
struct CacheShard: Sendable {
    private struct Slot {
        var id: SessionID
        var stored: StoredRecord?
        var deadline: UInt64
        /// Asked for since the hand came by last.
        var isReferenced: Bool
    }

    /// Sessions share counters: a shared one only makes the cache refuse a copy that it could have taken.
    private static let generationSlots = 64

    private let capacity: Int
    private var index: [SessionID: Int] = [:]
    private var slots: [Slot] = []
    private var hand = 0
    private var generations = [UInt64](repeating: 0, count: generationSlots)
    private var counters = RecordCache.Statistics()

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var statistics: RecordCache.Statistics {
        var counters = counters
        counters.entries = slots.count
        return counters
    }

    mutating func get(_ id: SessionID, now: UInt64) -> CacheAnswer {
        guard let position = index[id], slots[position].deadline > now else { return .unknown }
        counters.hits &+= 1
        slots[position].isReferenced = true
        guard let stored = slots[position].stored else { return .absent }
        return .hit(stored)
    }

    mutating func countMiss() { counters.misses &+= 1 }

    func generation(of id: SessionID) -> UInt64 { generations[Self.generationSlot(id)] }

    mutating func advanceGeneration(of id: SessionID) { generations[Self.generationSlot(id)] &+= 1 }

    /// Enters a copy, unless a later version is there.
    mutating func put(_ id: SessionID, _ stored: StoredRecord?, deadline: UInt64) {
        if let position = index[id] {
            if let there = slots[position].stored, let stored, there.version > stored.version { return }
            slots[position].stored = stored
            slots[position].deadline = deadline
            return
        }
        let slot = Slot(id: id, stored: stored, deadline: deadline, isReferenced: false)
        if slots.count < capacity {
            index[id] = slots.count
            slots.append(slot)
        } else {
            let position = evict()
            index[id] = position
            slots[position] = slot
        }
    }

    /// Forgets an entry; one with a later version than given stays.
    mutating func drop(_ id: SessionID, unlessNewerThan version: Int64?) {
        guard let position = index[id] else { return }
        if let version, let there = slots[position].stored, there.version >= version { return }
        index[id] = nil
        // The last slot moves into the gap, so that the table stays dense.
        let last = slots.removeLast()
        guard position < slots.count else { return }
        slots[position] = last
        index[last.id] = position
    }

    mutating func removeAll() {
        index.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        for slot in generations.indices { generations[slot] &+= 1 }
    }

    /// Frees the slot of an entry that nobody asked for since the hand's last round, and gives its position.
    private mutating func evict() -> Int {
        while true {
            if hand >= slots.count { hand = 0 }
            let position = hand
            hand += 1
            if slots[position].isReferenced {
                slots[position].isReferenced = false
                continue
            }
            index[slots[position].id] = nil
            counters.evictions &+= 1
            return position
        }
    }

    /// Other bits of the id than those that choose the shard.
    private static func generationSlot(_ id: SessionID) -> Int {
        Int(truncatingIfNeeded: id.high) & (generationSlots - 1)
    }
}
