/// Takes tickets out of addresses on their way into a log: each would be good for one use within seconds.
enum TicketMask {
    private static let mask: [UInt8] = Array("***".utf8)

    /// Gives `body` the pieces of an address, with `***` instead of every value of one of the parameters.
    static func forEachPiece(
        of address: UnsafeRawBufferPointer, parameters: [[UInt8]], _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard var start = address.firstIndex(of: UInt8(ascii: "?")).map({ $0 + 1 }) else { return body(address) }
        var written = 0
        while start < address.count {
            let rest = address[start...]
            let end = rest.firstIndex { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "#") } ?? address.count
            let pair = address[start..<end]
            if let name = parameters.first(where: { pair.starts(with: $0) && pair.dropFirst($0.count).first == 0x3D }) {
                let value = start + name.count + 1
                body(UnsafeRawBufferPointer(rebasing: address[written..<value]))
                mask.withUnsafeBytes(body)
                written = end
            }
            start = end + 1
        }
        if written < address.count { body(UnsafeRawBufferPointer(rebasing: address[written...])) }
    }
}
