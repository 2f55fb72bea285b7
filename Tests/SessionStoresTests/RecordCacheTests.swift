import SessionStores
import Sessions
import Testing

@Suite struct RecordCacheTests {
    let clock = TestMonotonicClock()

    private func cache(capacity: Int = 100, timeToLive: UInt64 = 1000, shards: Int = 16) -> RecordCache {
        RecordCache(capacity: capacity, timeToLive: timeToLive, shards: shards, clock: clock.read)
    }

    private func stored(_ version: Int64) -> StoredRecord {
        StoredRecord(record: record("version \(version)"), version: version)
    }

    @Test func knowsRecordsAndTheirAbsence() {
        let cache = cache()
        #expect(cache.get(session(1)) == .unknown)
        #expect(cache.statistics.misses == 0, "the store may be asked by somebody who asks the cache once more")
        cache.countMiss(session(1))
        cache.put(session(1), stored(1), since: cache.begin(session(1)))
        cache.put(session(2), nil, since: cache.begin(session(2)))
        #expect(cache.get(session(1)) == .hit(stored(1)))
        #expect(cache.get(session(2)) == .absent)
        var expected = RecordCache.Statistics()
        expected.hits = 2
        expected.misses = 1
        expected.entries = 2
        #expect(cache.statistics == expected)
    }

    @Test func entriesEndWithTheirTime() {
        let cache = cache()
        cache.put(session(1), stored(1), since: cache.begin(session(1)))
        cache.put(session(2), nil, since: cache.begin(session(2)))
        clock.advance(by: 999)
        #expect(cache.get(session(1)) == .hit(stored(1)))
        #expect(cache.get(session(2)) == .absent)
        clock.advance(by: 1)
        #expect(cache.get(session(1)) == .unknown)
        #expect(cache.get(session(2)) == .unknown)
    }

    @Test func noTimeToLiveMeansNoCache() {
        let cache = cache(timeToLive: 0)
        cache.put(session(1), stored(1), since: cache.begin(session(1)))
        cache.wrote(session(1), stored(2), since: cache.begin(session(1)))
        #expect(cache.get(session(1)) == .unknown)
    }

    @Test func anEndlessTimeToLiveDoesNotOverflow() {
        let cache = cache(timeToLive: .max)
        cache.put(session(1), stored(1), since: cache.begin(session(1)))
        clock.advance(by: .max / 2)
        #expect(cache.get(session(1)) == .hit(stored(1)))
    }

    @Test func anOlderVersionNeverReplacesANewer() {
        let cache = cache()
        let slow = cache.begin(session(1))
        let fast = cache.begin(session(1))
        cache.put(session(1), stored(2), since: fast)
        cache.put(session(1), stored(1), since: slow)
        #expect(cache.get(session(1)) == .hit(stored(2)))
    }

    @Test func whatASlowReaderReadBeforeAWriteStaysOut() {
        let cache = cache()
        // The reader asks the store, which answers version 1 …
        let reader = cache.begin(session(1))
        // … meanwhile version 2 is written; its entry is evicted or forgotten before the reader comes to enter its own.
        let writer = cache.begin(session(1))
        cache.wrote(session(1), stored(2), since: writer)
        cache.invalidate(session(1))
        cache.put(session(1), stored(1), since: reader)
        #expect(cache.get(session(1)) == .unknown)
    }

    @Test func whatASlowReaderReadBeforeARemovalStaysOut() {
        let cache = cache()
        let reader = cache.begin(session(1))
        cache.wrote(session(1), nil, since: cache.begin(session(1)))
        cache.put(session(1), stored(1), since: reader)
        #expect(cache.get(session(1)) == .absent)
    }

    @Test func theAbsenceThatASlowReaderSawBeforeACreationStaysOut() {
        let cache = cache()
        let reader = cache.begin(session(1))
        cache.wrote(session(1), stored(1), since: cache.begin(session(1)))
        cache.put(session(1), nil, since: reader)
        #expect(cache.get(session(1)) == .hit(stored(1)))
    }

    @Test func whatWasReadBeforeAnInvalidationStaysOut() {
        let cache = cache()
        let reader = cache.begin(session(1))
        cache.invalidate(session(1))
        cache.put(session(1), stored(1), since: reader)
        #expect(cache.get(session(1)) == .unknown)
        let later = cache.begin(session(1))
        cache.put(session(1), stored(2), since: later)
        #expect(cache.get(session(1)) == .hit(stored(2)))
        let another = cache.begin(session(1))
        cache.invalidateAll()
        cache.put(session(1), stored(2), since: another)
        #expect(cache.get(session(1)) == .unknown)
    }

    @Test func twoWritersInTheWrongOrderLeaveTheNewerOrNothing() {
        let cache = cache()
        let first = cache.begin(session(1))
        let second = cache.begin(session(1))
        cache.wrote(session(1), stored(2), since: second)
        cache.wrote(session(1), stored(1), since: first)
        #expect(cache.get(session(1)) == .hit(stored(2)))
        // A write that began before a removal but is reported after it: nobody knows which was first.
        let write = cache.begin(session(1))
        cache.wrote(session(1), nil, since: cache.begin(session(1)))
        cache.wrote(session(1), stored(3), since: write)
        #expect(cache.get(session(1)) == .unknown)
    }

    @Test func isBoundedAndKeepsWhatIsAskedFor() {
        let cache = cache(capacity: 8, shards: 1)
        for number in 1...8 as ClosedRange<UInt64> {
            cache.put(session(number), stored(1), since: cache.begin(session(number)))
        }
        for number in 9...200 as ClosedRange<UInt64> {
            #expect(cache.get(session(1)) == .hit(stored(1)))
            cache.put(session(number), nil, since: cache.begin(session(number)))
        }
        #expect(cache.statistics.entries == 8)
        #expect(cache.statistics.evictions == 192)
        #expect(cache.get(session(1)) == .hit(stored(1)))
        #expect(cache.get(session(200)) == .absent)
        #expect(cache.get(session(100)) == .unknown)
    }

    @Test func droppingLeavesTheOthersInPlace() {
        let cache = cache(capacity: 100, shards: 1)
        for number in 1...50 as ClosedRange<UInt64> {
            cache.put(session(number), stored(Int64(number)), since: cache.begin(session(number)))
        }
        for number in stride(from: 1 as UInt64, through: 50, by: 2) { cache.invalidate(session(number)) }
        for number in 1...50 as ClosedRange<UInt64> {
            #expect(cache.get(session(number)) == (number % 2 == 1 ? .unknown : .hit(stored(Int64(number)))))
        }
        #expect(cache.statistics.entries == 25)
    }

    @Test func manyThreadsNeverSeeAVersionGoBack() async {
        let cache = RecordCache(capacity: 64, timeToLive: .max, shards: 4, clock: clock.read)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var last: [UInt64: Int64] = [:]
                    for round in 1...2000 as ClosedRange<Int64> {
                        let number = UInt64(round) % 16
                        let moment = cache.begin(session(number))
                        if worker % 2 == 0 {
                            let stored = StoredRecord(record: record(), version: round)
                            if worker == 0 {
                                cache.wrote(session(number), stored, since: moment)
                            } else {
                                cache.put(session(number), stored, since: moment)
                            }
                        } else if case .hit(let stored) = cache.get(session(number)) {
                            #expect(stored.version >= last[number] ?? 0)
                            last[number] = stored.version
                        }
                    }
                }
            }
        }
        #expect(cache.statistics.entries == 16)
    }
}
