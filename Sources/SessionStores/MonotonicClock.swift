/// The clock for durations: it never jumps, whatever happens to the time of day.
public enum MonotonicClock {
    private static let origin = ContinuousClock.now

    /// Nanoseconds since this process first asked.
    @Sendable public static func now() -> UInt64 {
        let (seconds, attoseconds) = origin.duration(to: .now).components
        return UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
