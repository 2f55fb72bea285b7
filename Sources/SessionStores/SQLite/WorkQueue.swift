import NIOConcurrencyHelpers

/// Whether a ``WorkQueue`` took a job.
enum WorkQueueAdmission { case accepted, full, closed }

/// Hands jobs from any task to threads that wait for them. Bounded, so that a stuck disk cannot eat the memory.
final class WorkQueue<Job: Sendable>: @unchecked Sendable {
    private let capacity: Int
    /// True when there is something to take: jobs, or the news that no more will come.
    private let readiness = ConditionLock(value: false)
    // Under the lock.
    private var jobs: [Job] = []
    private var taken = 0
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Queues a job.
    func push(_ job: Job) -> WorkQueueAdmission {
        readiness.lock()
        defer { readiness.unlock(withValue: isReady) }
        if isClosed { return .closed }
        guard jobs.count - taken < capacity else { return .full }
        jobs.append(job)
        return .accepted
    }

    /// Waits for jobs and takes the oldest; none: the queue is closed and empty.
    func take(atMost limit: Int) -> [Job] {
        readiness.lock(whenValue: true)
        defer { readiness.unlock(withValue: isReady) }
        let end = min(jobs.count, taken + max(1, limit))
        let batch = Array(jobs[taken..<end])
        taken = end
        if taken == jobs.count {
            jobs.removeAll(keepingCapacity: jobs.capacity <= 1024)
            taken = 0
        } else if taken > 1024 {
            jobs.removeFirst(taken)
            taken = 0
        }
        return batch
    }

    /// Lets no more jobs in; what is queued is still handed out.
    func close() {
        readiness.lock()
        isClosed = true
        readiness.unlock(withValue: true)
    }

    private var isReady: Bool { isClosed || jobs.count > taken }
}
