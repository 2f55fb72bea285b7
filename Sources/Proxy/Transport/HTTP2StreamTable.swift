import NIOHTTP2

/// The open streams of a connection. Each frame asks for one, and there are few: to look at their numbers one by one is much
/// cheaper than to hash one.
struct HTTP2StreamTable {
    private var ids: [Int32] = []
    private(set) var values: [HTTP2Stream] = []

    var count: Int { ids.count }

    var isEmpty: Bool { ids.isEmpty }

    subscript(id: HTTP2StreamID) -> HTTP2Stream? { self[Int32(id)] }

    subscript(id: Int32) -> HTTP2Stream? { index(of: id).map { values[$0] } }

    mutating func add(_ stream: HTTP2Stream, _ id: HTTP2StreamID) {
        ids.append(Int32(id))
        values.append(stream)
    }

    /// Takes one out; nil if there is none. The order of the others may change.
    mutating func remove(_ id: HTTP2StreamID) -> HTTP2Stream? {
        guard let index = index(of: Int32(id)) else { return nil }
        ids.swapAt(index, ids.count - 1)
        values.swapAt(index, values.count - 1)
        ids.removeLast()
        return values.removeLast()
    }

    mutating func removeAll() { self = HTTP2StreamTable() }

    private func index(of id: Int32) -> Int? {
        for index in ids.indices where ids[index] == id { return index }
        return nil
    }
}
