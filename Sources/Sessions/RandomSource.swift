/// Where session ids, ticket ids and AEAD nonces come from; injected, so that tests can repeat themselves.
public protocol RandomSource: Sendable {
    /// Exactly `count` unpredictable bytes. Never call with a negative count.
    func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's cryptographic generator.
public struct SystemRandom: RandomSource {
    /// The system's generator; it has no state of its own.
    public init() {}

    /// `count` bytes of `getrandom(2)`.
    public func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, initialized in
            while initialized < buffer.count {
                var word = generator.next()
                for _ in 0..<min(8, buffer.count - initialized) {
                    buffer.initializeElement(at: initialized, to: UInt8(truncatingIfNeeded: word))
                    initialized += 1
                    word >>= 8
                }
            }
        }
    }
}
