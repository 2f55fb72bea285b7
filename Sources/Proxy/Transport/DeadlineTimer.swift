import NIOCore

/// One timer for all the time limits of a connection.
///
/// Deadlines move with nearly every event; a scheduled task does not: it is left where it is as long as it fires early
/// enough, and moves itself to the current deadline when it fires.
final class DeadlineTimer {
    private let loop: any EventLoop
    private var deadline = NIODeadline.distantFuture
    private var task: Scheduled<Void>?
    private var taskDeadline = NIODeadline.distantFuture
    private var action: (() -> Void)?

    init(loop: any EventLoop) { self.loop = loop }

    /// What to do at the deadline.
    func onFire(_ action: @escaping () -> Void) { self.action = action }

    /// Moves the deadline; `.distantFuture` for none.
    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        guard deadline < taskDeadline else { return }
        task?.cancel()
        schedule(at: deadline)
    }

    /// Ends the timer for good.
    func cancel() {
        task?.cancel()
        task = nil
        action = nil
        deadline = .distantFuture
    }

    private func schedule(at deadline: NIODeadline) {
        taskDeadline = deadline
        task = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.taskFired() }
    }

    private func taskFired() {
        task = nil
        taskDeadline = .distantFuture
        guard deadline < .distantFuture else { return }
        if loop.now >= deadline {
            deadline = .distantFuture
            action?()
        } else {
            schedule(at: deadline)
        }
    }
}
