import NIOCore

/// Whether somebody whose turn it is to send or to take a body keeps up with a least speed.
///
/// A bucket of time. It is full at the beginning: ``window`` is how long nothing at all may happen. While it is their
/// turn it runs out as time passes; while it is not, it stands still; and every byte puts a `rate`th of a second back,
/// never more than fits. Whoever is as fast as the rate never sees it empty, whoever is slower does in the end, and a
/// single burst buys no more than one window of silence. The clock is the caller's.
struct MinimumPace {
    /// Bytes per second; with 0 any byte fills the bucket.
    let rate: Int
    /// How much fits: the longest silence.
    let window: TimeAmount

    /// When the bucket will be empty, while it is their turn.
    private var emptyAt: NIODeadline?
    /// What is in it while it is not.
    private var left: TimeAmount

    init(rate: Int, window: TimeAmount) {
        self.rate = rate
        self.window = window
        left = window
    }

    /// When they will have been too slow, unless something happens; nil while it is not their turn.
    var deadline: NIODeadline? { emptyAt }

    /// It is their turn.
    mutating func resume(at now: NIODeadline) {
        guard emptyAt == nil else { return }
        emptyAt = now + left
    }

    /// It is somebody else's turn.
    mutating func pause(at now: NIODeadline) {
        guard let emptyAt else { return }
        left = min(max(emptyAt - now, .zero), window)
        self.emptyAt = nil
    }

    /// They have sent or taken so many bytes.
    mutating func moved(_ bytes: Int, at now: NIODeadline) {
        guard bytes > 0 else { return }
        let gain = time(for: bytes)
        if let emptyAt {
            self.emptyAt = min(emptyAt + gain, now + window)
        } else {
            left = min(left + gain, window)
        }
    }

    /// Begins anew, for another message.
    mutating func refill() { self = MinimumPace(rate: rate, window: window) }

    /// What so many bytes are worth, never more than the window, so that no sum overflows.
    private func time(for bytes: Int) -> TimeAmount {
        guard rate > 0 else { return window }
        let (nanoseconds, overflow) = Int64(bytes).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? window : min(.nanoseconds(nanoseconds / Int64(rate)), window)
    }
}
