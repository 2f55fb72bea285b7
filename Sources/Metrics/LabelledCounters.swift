internal import NIOConcurrencyHelpers

/// Counters by the values of a few labels, for what happens rarely enough to afford a lock.
///
/// The values must come from the program or its configuration, never from a client. Should they be more than ``limit`` all
/// the same, what is new counts under `other`.
public final class LabelledCounters: Sendable {
    /// The values of the labels, in an order that the owner has chosen.
    public typealias Labels = [String]

    private let limit: Int
    private let box = NIOLockedValueBox<[Labels: Int]>([:])

    /// - Parameter limit: most combinations of labels.
    public init(limit: Int = 1024) { self.limit = limit }

    /// Counts one more.
    public func count(_ labels: String...) {
        box.withLockedValue { counts in
            let isRoom = counts.count < limit || counts[labels] != nil
            counts[isRoom ? labels : labels.map { _ in "other" }, default: 0] &+= 1
        }
    }

    /// All of them, sorted by their labels.
    public var values: [(labels: Labels, count: Int)] {
        box.withLockedValue { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}
