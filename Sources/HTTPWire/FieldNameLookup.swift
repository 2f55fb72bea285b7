extension FieldName {
    /// The case for a field name, whatever its letter case.
    ///
    /// - Parameters:
    ///   - name: the name; one that is no `token` (RFC 9110 §5.1) is `.other` or `.xForwarded`.
    ///   - folding: whether `_` and `.` count as `-`, as they do for upstreams that turn names into variable names.
    init(_ name: UnsafeRawBufferPointer, folding: Bool = false) {
        self = folding ? Self.folded(name) : Self.exact(name)
    }

    private static func exact(_ name: UnsafeRawBufferPointer) -> FieldName {
        if let known = NameTable.shared.find(name) { return known }
        let prefix = FieldName.xForwarded.text
        guard name.count > prefix.utf8CodeUnitCount else { return .other }
        return name.clamped(0..<prefix.utf8CodeUnitCount).equalsIgnoringCase(prefix) ? .xForwarded : .other
    }

    private static func folded(_ name: UnsafeRawBufferPointer) -> FieldName {
        withUnsafeTemporaryAllocation(byteCount: name.count, alignment: 1) { copy in
            for index in 0..<name.count { copy[index] = ASCII.folded(name[index]) }
            return exact(UnsafeRawBufferPointer(copy))
        }
    }
}

/// The names that have a case of their own, to be found by their length and two words of eight bytes.
///
/// Up to sixteen bytes the two words are the name, overlapping where it is shorter; only of longer ones the text has to be
/// compared, too. Two or three comparisons of words find a name or the lack of it, where comparing texts byte by byte took
/// a tenth of the time of a request.
private struct NameTable {
    private struct Entry {
        let first: UInt64
        let last: UInt64
        let name: FieldName
    }

    /// Made once and never given back. In plain memory: an array's reference would be counted at every look.
    nonisolated(unsafe) static let shared = NameTable()

    private let entries: UnsafeMutableBufferPointer<Entry>
    /// Where the entries of a length begin; the one behind the last length has none.
    private let starts: UnsafeMutableBufferPointer<Int>
    private let maxLength: Int

    private init() {
        let names = FieldName.allCases.filter { $0 != .other && $0 != .xForwarded }
            .sorted { $0.text.utf8CodeUnitCount < $1.text.utf8CodeUnitCount }
        let longest = names.last.map(\.text.utf8CodeUnitCount) ?? 0
        maxLength = longest
        entries = .allocate(capacity: names.count)
        _ = entries.initialize(
            from: names.lazy.map { name in
                let text = UnsafeRawBufferPointer(
                    start: name.text.utf8Start, count: name.text.utf8CodeUnitCount)
                return Entry(first: Words.first(of: text), last: Words.last(of: text), name: name)
            })
        starts = .allocate(capacity: longest + 2)
        _ = starts.initialize(
            from: (0...(longest + 1)).lazy.map { length in
                names.firstIndex { $0.text.utf8CodeUnitCount >= length } ?? names.count
            })
    }

    func find(_ name: UnsafeRawBufferPointer) -> FieldName? {
        guard name.count > 0, name.count <= maxLength else { return nil }
        let first = Words.first(of: name)
        let last = Words.last(of: name)
        for index in starts[name.count]..<starts[name.count + 1] {
            let entry = entries[index]
            guard entry.first == first, entry.last == last else { continue }
            if name.count <= 16 || name.equalsIgnoringCase(entry.name.text) { return entry.name }
        }
        return nil
    }
}
