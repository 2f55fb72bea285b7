import Glibc

/// Something that is done over and over, and what that costs.
struct Timing {
    var once: () -> Void

    /// Microseconds of processor time for once, in batches of some five milliseconds, for so many seconds; ascending.
    func samples(seconds: Double) -> [Double] {
        var batch = 1
        while time(batch) < 5_000, batch < 1 << 20 { batch *= 2 }
        let end = now() + seconds * 1e6
        var samples: [Double] = []
        repeat { samples.append(time(batch) / Double(batch)) } while now() < end || samples.count < 5
        return samples.sorted()
    }

    /// How often memory is allocated for once; nil where nothing counts it (see `Tests/Load/allocations.c`).
    func allocations() -> Double? {
        let count = 10_000
        once()
        guard let before = Self.allocated() else { return nil }
        for _ in 0..<count { once() }
        return Self.allocated().map { Double($0 - before) / Double(count) }
    }

    /// What the preloaded counter says.
    private static func allocated() -> UInt64? {
        guard let path = getenv("ALLOCATIONS_FILE") else { return nil }
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var counted: UInt64 = 0
        return read(file, &counted, 8) == 8 ? counted : nil
    }

    private func time(_ count: Int) -> Double {
        let begun = now()
        for _ in 0..<count { once() }
        return now() - begun
    }

    /// The processor time of this process, in microseconds: other programs on the machine do not count.
    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
