import Metrics
import Testing

@Suite struct CounterTests {
    @Test func countersAddUpAndDoNotMindWrongIndices() {
        let counters = CounterArray(count: 3)
        counters.add(0)
        counters.add(2, 5)
        counters.add(2, -1)
        counters.add(3, 7)
        counters.add(-1, 7)
        #expect((-1...3).map { counters[$0] } == [0, 1, 0, 4, 0])
        #expect(CounterArray(count: -1)[0] == 0)
    }

    @Test func nothingIsLostBetweenThreads() async {
        let counters = CounterArray(count: 1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { counters.add(0) } }
            }
        }
        #expect(counters[0] == 80_000)
    }

    @Test func durationsFallIntoTheirBuckets() {
        let histogram = Histogram()
        let (first, last) = (Histogram.bounds[0], Histogram.bounds[Histogram.bounds.count - 1])
        for duration in [-5, 0, first, first + 1, last, last + 1] { histogram.observe(nanoseconds: duration) }
        let snapshot = histogram.snapshot
        #expect(snapshot.counts.first == 3)
        #expect(snapshot.counts[1] == 1)
        #expect(snapshot.counts.suffix(2) == [1, 1])
        #expect(snapshot.count == 6)
        #expect(snapshot.sum == Int(2 * first + 1 + 2 * last + 1))
        var sum = snapshot
        sum.add(snapshot)
        #expect(sum.count == 12)
        #expect(sum.sum == 2 * snapshot.sum)
    }

    @Test func boundsAscend() {
        #expect(zip(Histogram.bounds, Histogram.bounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func labelsAreBounded() {
        let counters = LabelledCounters(limit: 2)
        for reason in ["a", "b", "c", "a", "d"] { counters.count("x", reason) }
        let values = counters.values
        #expect(values.map(\.labels) == [["other", "other"], ["x", "a"], ["x", "b"]])
        #expect(values.map(\.count) == [2, 2, 1])
    }
}
