/// A set of field names: one bit each.
struct FieldNameSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    mutating func insert(_ name: FieldName) {
        if name.rawValue < 64 { low |= Self.bit(name) } else { high |= Self.bit(name) }
    }

    func contains(_ name: FieldName) -> Bool {
        (name.rawValue < 64 ? low : high) & Self.bit(name) != 0
    }

    private static func bit(_ name: FieldName) -> UInt64 { 1 &<< UInt64(name.rawValue) }
}
