internal import Sessions

/// What the `keys` commands need of the clock and the system's randomness.
public enum KeyTools {
    /// So many bytes of the system's cryptographic randomness.
    public static func random(_ count: Int) -> [UInt8] { SystemRandom().bytes(count) }

    /// Unix time in seconds.
    public static func now() -> Int64 { Workshop.clock().seconds }
}
