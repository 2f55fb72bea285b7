import NIOCore

/// The `Date` field of answers made here (RFC 9110 §6.6.1), rendered once a second.
struct DateLine {
    private let wallClock: @Sendable () -> Int64
    private var second = Int64.min
    private var line = ByteBuffer()

    init(wallClock: @escaping @Sendable () -> Int64) { self.wallClock = wallClock }

    mutating func write(into buffer: inout ByteBuffer) {
        let now = wallClock()
        if now != second {
            second = now
            line = ByteBuffer(string: "Date: \(Self.format(now))\r\n")
        }
        buffer.writeImmutableBuffer(line)
    }

    /// The IMF-fixdate of Unix seconds, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`; times before 1970 count as 1970.
    static func format(_ unixSeconds: Int64) -> String {
        let time = max(0, min(unixSeconds, 253_402_300_799))
        let days = time / 86_400
        let rest = time % 86_400
        // Civil date from days since 1970-01-01, with years that begin in March so that the leap day comes last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        return "\(weekdays[Int(days % 7)]), \(two(day)) \(names[Int(month) - 1]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
