import NIOCore

/// One timer for all the time limits of a connection.
///
/// Deadlines move with nearly every event; the timer's place in its ``TimerQueue`` does not: it is left where it is as long
/// as it comes early enough, and moves itself to the current deadline when its turn has come.
final class DeadlineTimer {
    private let queue: TimerQueue
    private var deadline = NIODeadline.distantFuture
    private var action: (() -> Void)?
    /// When its turn comes in the queue.
    fileprivate(set) var turn = NIODeadline.distantFuture
    /// Where it is in the queue; nil while it is not there.
    fileprivate(set) var place: Int?

    init(_ queue: TimerQueue) { self.queue = queue }

    /// What to do at the deadline.
    func onFire(_ action: @escaping () -> Void) { self.action = action }

    /// Moves the deadline; `.distantFuture` for none.
    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        if deadline < turn { queue.put(self, at: deadline) }
    }

    /// Ends the timer for good.
    func cancel() {
        queue.remove(self)
        action = nil
        deadline = .distantFuture
    }

    /// Its turn has come; it is in the queue no more.
    fileprivate func wake(at now: NIODeadline) {
        guard deadline < .distantFuture else { return }
        guard now >= deadline else { return queue.put(self, at: deadline) }
        deadline = .distantFuture
        action?()
    }
}

/// The timers of one event loop, in the order of their turns, with one task of the loop's for the first of them: a task for
/// each would be a larger part of what an idle connection costs. Confined to its loop.
///
/// It holds on to the timers in it: who owns one has to cancel it.
final class TimerQueue {
    private let loop: any EventLoop
    /// A binary heap: no timer's turn comes before that of the one at half its place.
    private var heap: [DeadlineTimer] = []
    private var task: Scheduled<Void>?
    private var taskDeadline = NIODeadline.distantFuture

    init(loop: any EventLoop) { self.loop = loop }

    /// Gives a timer its turn, an earlier one than it has if it is there already.
    fileprivate func put(_ timer: DeadlineTimer, at turn: NIODeadline) {
        timer.turn = turn
        if let place = timer.place {
            rise(timer, from: place)
        } else {
            heap.append(timer)
            rise(timer, from: heap.count - 1)
        }
        schedule()
    }

    fileprivate func remove(_ timer: DeadlineTimer) {
        guard let place = timer.place, let last = heap.popLast() else { return }
        timer.place = nil
        timer.turn = .distantFuture
        guard last !== timer else { return }
        rise(last, from: place)
        if let place = last.place { sink(last, from: place) }
    }

    private func fire() {
        task = nil
        let now = loop.now
        // One task for all that is put in meanwhile.
        taskDeadline = now
        while let first = heap.first, first.turn <= now {
            remove(first)
            first.wake(at: now)
        }
        taskDeadline = .distantFuture
        schedule()
    }

    /// Has the loop call for the first turn. A task for one that is no more stays: it finds nothing to do.
    private func schedule() {
        guard let turn = heap.first?.turn, turn < taskDeadline else { return }
        task?.cancel()
        taskDeadline = turn
        task = loop.assumeIsolated().scheduleTask(deadline: turn) { [weak self] in self?.fire() }
    }

    // MARK: - Heap

    /// Puts a timer at `place` or, as long as it comes before what is there, where that one's parent is.
    private func rise(_ timer: DeadlineTimer, from place: Int) {
        var place = place
        while place > 0 {
            let parent = heap[(place - 1) / 2]
            guard timer.turn < parent.turn else { break }
            set(parent, at: place)
            place = (place - 1) / 2
        }
        set(timer, at: place)
    }

    /// Puts a timer at `place` or, as long as it comes after one of the two below it, where the earlier of them is.
    private func sink(_ timer: DeadlineTimer, from place: Int) {
        var place = place
        while 2 * place + 1 < heap.count {
            var child = 2 * place + 1
            if child + 1 < heap.count, heap[child + 1].turn < heap[child].turn { child += 1 }
            guard heap[child].turn < timer.turn else { break }
            set(heap[child], at: place)
            place = child
        }
        set(timer, at: place)
    }

    private func set(_ timer: DeadlineTimer, at place: Int) {
        heap[place] = timer
        timer.place = place
    }
}
