/// A point in time in whole Unix seconds: what handles, tickets and records carry.
///
/// All arithmetic saturates, so that a time read from outside (a store, a cookie) can be anything without trapping.
/// It is encoded as a bare JSON integer.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds. Any value is allowed.
    public var seconds: Int64

    /// A point in time `seconds` after the Unix epoch.
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// The time `interval` seconds later (earlier if negative); stops at the ends of the range.
    public func adding(_ interval: Int64) -> Timestamp {
        let (sum, overflow) = seconds.addingReportingOverflow(interval)
        guard overflow else { return Timestamp(seconds: sum) }
        return Timestamp(seconds: interval < 0 ? .min : .max)
    }

    /// The seconds from `earlier` to this time, negative if this one is the earlier; stops at the ends of the range.
    public func since(_ earlier: Timestamp) -> Int64 {
        let (difference, overflow) = seconds.subtractingReportingOverflow(earlier.seconds)
        guard overflow else { return difference }
        return earlier.seconds < 0 ? .max : .min
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }
}

extension Timestamp: Codable {
    /// Reads a bare integer.
    public init(from decoder: any Decoder) throws {
        seconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes a bare integer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }
}
