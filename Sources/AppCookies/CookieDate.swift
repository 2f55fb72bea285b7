public import Sessions

/// Dates of the `Expires` attribute: the forgiving algorithm of RFC 6265bis §5.1.1.
public enum CookieDate {
    /// The time that the text names, always UTC; `nil` when it names none.
    public static func parse(_ text: some Collection<UInt8>) -> Timestamp? {
        var fields = Fields()
        for token in text.split(whereSeparator: \.isDateDelimiter) { fields.take(Array(token)) }
        return fields.timestamp
    }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Years begin in March, so that the leap day is the last.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Fields {
        var time: (hour: Int64, minute: Int64, second: Int64)?
        var day: Int64?
        var month: Int64?
        var year: Int64?

        /// Each token is the first of these that it can be and that is still missing.
        mutating func take(_ token: [UInt8]) {
            if time == nil, let found = Self.time(token) {
                time = found
            } else if day == nil, let found = Self.number(token[...], digits: 1...2) {
                day = found
            } else if month == nil, let found = Self.month(token) {
                month = found
            } else if year == nil, let found = Self.number(token[...], digits: 2...4) {
                year = found
            }
        }

        var timestamp: Timestamp? {
            guard let time, let day, let month, var year else { return nil }
            if (70...99).contains(year) { year += 1900 }
            if (0...69).contains(year) { year += 2000 }
            guard year >= 1601, time.hour <= 23, time.minute <= 59, time.second <= 59, day >= 1,
                day <= Self.daysInMonth(month, year: year)
            else { return nil }
            let days = CookieDate.days(year: year, month: month, day: day)
            return Timestamp(seconds: days * 86_400 + time.hour * 3600 + time.minute * 60 + time.second)
        }

        /// Digits, as many as allowed, then nothing or a character that is not a digit.
        private static func number(_ token: ArraySlice<UInt8>, digits allowed: ClosedRange<Int>) -> Int64? {
            let digits = token.prefix(while: \.isDigit)
            guard allowed.contains(digits.count) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int64($1) - 0x30 }
        }

        private static func time(_ token: [UInt8]) -> (Int64, Int64, Int64)? {
            let parts = token.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].allSatisfy(\.isDigit), parts[1].allSatisfy(\.isDigit),
                let hour = number(parts[0], digits: 1...2), let minute = number(parts[1], digits: 1...2),
                let second = number(parts[2], digits: 1...2)
            else { return nil }
            return (hour, minute, second)
        }

        private static func month(_ token: [UInt8]) -> Int64? {
            let names: [StaticString] = [
                "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
            ]
            return names.firstIndex { token.hasPrefixFolded($0) }.map { Int64($0) + 1 }
        }

        private static func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
            switch month {
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        }
    }
}

extension UInt8 {
    /// The delimiters of RFC 6265bis §5.1.1: everything but digits, letters, `:` and bytes from 0x7F on.
    fileprivate var isDateDelimiter: Bool {
        switch self {
        case 0x09, 0x20...0x2F, 0x3B...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
