internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The time of day for log lines in UTC, rendered once a second.
struct LogClock {
    /// Unix time.
    struct Time {
        var seconds: Int
        var milliseconds: Int
    }

    private var second = Int.min
    /// `2026-11-21T16:51:25`
    private var rfc3339 = ByteBuffer()
    /// `21/Nov/2026:16:51:25`
    private var common = ByteBuffer()

    /// When something began that has just ended after `duration`.
    func time(before duration: TimeAmount) -> Time {
        var now = timespec()
        // Cannot fail for a clock that every system has.
        clock_gettime(CLOCK_REALTIME, &now)
        let ended = Int(now.tv_sec) &* 1_000_000_000 &+ Int(now.tv_nsec)
        let began = max(0, ended &- Int(duration.nanoseconds))
        return Time(seconds: began / 1_000_000_000, milliseconds: began % 1_000_000_000 / 1_000_000)
    }

    /// Appends the time as RFC 3339 has it, with milliseconds.
    mutating func writeRFC3339(_ time: Time, into buffer: inout ByteBuffer) {
        render(time.seconds)
        buffer.writeImmutableBuffer(rfc3339)
        buffer.writeStaticString(time.milliseconds < 10 ? ".00" : time.milliseconds < 100 ? ".0" : ".")
        buffer.writeString(String(time.milliseconds))
        buffer.writeStaticString("Z")
    }

    /// Appends the time as Apache's `%t` has it, in UTC.
    mutating func writeCommon(_ time: Time, into buffer: inout ByteBuffer) {
        render(time.seconds)
        buffer.writeStaticString("[")
        buffer.writeImmutableBuffer(common)
        buffer.writeStaticString(" +0000]")
    }

    private mutating func render(_ seconds: Int) {
        guard seconds != second else { return }
        second = seconds
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let year = "\(Int(parts.tm_year) + 1900)"
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = months.indices.contains(Int(parts.tm_mon)) ? months[Int(parts.tm_mon)] : "Jan"
        let day = Self.two(parts.tm_mday)
        let clock = "\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec))"
        rfc3339 = ByteBuffer(string: "\(year)-\(Self.two(parts.tm_mon + 1))-\(day)T\(clock)")
        common = ByteBuffer(string: "\(day)/\(month)/\(year):\(clock)")
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
