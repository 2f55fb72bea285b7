internal import Synchronization

/// A fixed number of counters side by side, added to and read from any thread without a lock.
///
/// Whoever has one for each event loop shares no cache line with the other loops.
public final class CounterArray: @unchecked Sendable {
    // Unchecked: the memory is written by atomic operations only, and lives as long as the object.
    private let memory: UnsafeMutableRawPointer
    private let cells: UnsafeMutableBufferPointer<Atomic<Int>>

    private static let cacheLine = 64

    /// `count` counters at 0; a negative number makes none.
    public init(count: Int) {
        let count = max(0, count)
        memory = .allocate(byteCount: max(1, count) * MemoryLayout<Atomic<Int>>.stride, alignment: Self.cacheLine)
        let first = memory.bindMemory(to: Atomic<Int>.self, capacity: count)
        for index in 0..<count { (first + index).initialize(to: Atomic(0)) }
        cells = UnsafeMutableBufferPointer(start: first, count: count)
    }

    deinit { memory.deallocate() }

    /// Adds to a counter, which wraps around; an index that does not exist changes nothing.
    public func add(_ index: Int, _ amount: Int = 1) {
        guard cells.indices.contains(index) else { return }
        cells[index].wrappingAdd(amount, ordering: .relaxed)
    }

    /// The value of a counter; 0 for an index that does not exist.
    public subscript(_ index: Int) -> Int {
        cells.indices.contains(index) ? cells[index].load(ordering: .relaxed) : 0
    }
}
