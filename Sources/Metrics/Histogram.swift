/// How often durations fell into fixed buckets. Added to and read from any thread without a lock.
public final class Histogram: Sendable {
    /// The upper bounds of the buckets in nanoseconds, each included in its bucket: 0.5 ms to 60 s, two to three times
    /// apart, which is what an app's answers and a store's operations are spread over. Above is one more.
    public static let bounds: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
    ]

    /// What a histogram holds; several can be added up.
    public struct Snapshot: Sendable, Equatable {
        /// How many durations fell into each bucket alone, in the order of ``Histogram/bounds``, and last those above.
        public var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
        /// The sum of all durations in nanoseconds.
        public var sum = 0

        /// Empty.
        public init() {}

        /// How many durations there were.
        public var count: Int { counts.reduce(0, &+) }

        /// Adds another one.
        public mutating func add(_ other: Snapshot) {
            for index in counts.indices where other.counts.indices.contains(index) {
                counts[index] &+= other.counts[index]
            }
            sum &+= other.sum
        }
    }

    private let cells = CounterArray(count: bounds.count + 2)

    /// Empty.
    public init() {}

    /// Counts a duration; a negative one counts as none.
    public func observe(nanoseconds: Int64) {
        let duration = max(0, nanoseconds)
        cells.add(Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count)
        cells.add(Self.bounds.count + 1, Int(duration))
    }

    /// What it holds now.
    public var snapshot: Snapshot {
        var snapshot = Snapshot()
        for index in snapshot.counts.indices { snapshot.counts[index] = cells[index] }
        snapshot.sum = cells[Self.bounds.count + 1]
        return snapshot
    }
}
