/// Durations as text: a whole number with one unit, `ms`, `s`, `m`, `h` or `d`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Milliseconds; nil if `text` is no duration or too long for 64 bits.
    static func parse(_ text: String) -> Int64? {
        guard let (number, unit) = UnitText.split(text), let factor = units.first(where: { $0.name == unit }) else {
            return nil
        }
        let (value, isTooLarge) = number.multipliedReportingOverflow(by: factor.milliseconds)
        return isTooLarge ? nil : value
    }

    /// The text with the largest unit that needs no fraction.
    static func format(milliseconds: Int64) -> String {
        guard milliseconds != 0, let unit = units.first(where: { milliseconds % $0.milliseconds == 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// As ``format(milliseconds:)``, for seconds.
    static func format(seconds: Int64) -> String {
        guard let unit = units.dropLast().first(where: { seconds % ($0.milliseconds / 1000) == 0 }), seconds != 0 else {
            return "0s"
        }
        return "\(seconds / (unit.milliseconds / 1000))\(unit.name)"
    }
}

/// Sizes as text: a whole number with `B`, `KiB`, `MiB` or `GiB`.
enum SizeText {
    private static let units: [(name: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Bytes; nil if `text` is no size or too large for 64 bits.
    static func parse(_ text: String) -> Int64? {
        guard let (number, unit) = UnitText.split(text), let factor = units.first(where: { $0.name == unit }) else {
            return nil
        }
        let (value, isTooLarge) = number.multipliedReportingOverflow(by: factor.bytes)
        return isTooLarge ? nil : value
    }

    /// The text with the largest unit that needs no fraction.
    static func format(_ bytes: Int64) -> String {
        guard bytes != 0, let unit = units.first(where: { bytes % $0.bytes == 0 }) else { return "0" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

/// A whole number followed by a word.
enum UnitText {
    /// Splits `10m` into 10 and `m`, white space between allowed; nil if it does not begin with digits, or they are
    /// too many.
    static func split(_ text: String) -> (number: Int64, unit: String)? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int64(digits) else { return nil }
        return (number, String(text[digits.endIndex...].drop { $0 == " " }))
    }
}
