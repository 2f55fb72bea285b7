internal import HTTPWire
internal import NIOCore

/// Where the id of a request or of its trace is. Text is made of it only for whom it is shown to.
enum IDPlace {
    /// In the bytes of the request's head.
    case received(Range<Int>)
    /// In the lines that were added for the upstream.
    case begun(Range<Int>)

    /// Gives `body` the bytes of the id in an exchange. The pointer must not be kept.
    func withBytes<Result>(in x: Exchange, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch self {
        case .received(let range): return x.requestHead.withBytes(range, body)
        case .begun(let range):
            // From absolute indices to those of the readable bytes.
            let start = range.lowerBound - x.requestLines.readerIndex
            return x.requestLines.withUnsafeReadableBytes { bytes in
                let place = (start..<start + range.count).clamped(to: 0..<bytes.count)
                return body(UnsafeRawBufferPointer(rebasing: bytes[place]))
            }
        }
    }
}
