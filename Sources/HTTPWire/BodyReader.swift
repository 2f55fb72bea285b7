public import NIOCore

/// Reads one message body, however it is framed (RFC 9112 §6).
public struct BodyReader: Sendable {
    private enum State {
        case length(remaining: Int)
        case chunked
        case untilClose
        case done
    }

    private let sender: HTTPWireError.Sender
    private var state: State
    // Beside the state and not in it, so that it is changed in place and not copied out and in.
    private var decoder: ChunkedDecoder

    /// A reader for one body.
    ///
    /// - Parameters:
    ///   - framing: how the body ends.
    ///   - sender: who is to blame for mistakes.
    ///   - limits: of a trailer section.
    ///   - names: further trailer fields to drop, under all their spellings.
    public init(
        _ framing: BodyFraming, sender: HTTPWireError.Sender, limits: HeadLimits = HeadLimits(),
        droppingTrailers names: [FoldedName] = []
    ) {
        self.sender = sender
        decoder = ChunkedDecoder(sender: sender, limits: limits, droppingTrailers: names)
        switch framing {
        case .none: state = .done
        case .length(let length): state = length > 0 ? .length(remaining: length) : .done
        case .chunked: state = .chunked
        case .untilClose: state = .untilClose
        }
    }

    /// Whether the whole body has been read.
    public var isFinished: Bool {
        switch state {
        case .done: true
        case .chunked: decoder.isFinished
        case .length, .untilClose: false
        }
    }

    /// How many bytes of a body with a length are still to come; nil for the other framings.
    public var remaining: Int? {
        switch state {
        case .length(let remaining): remaining
        case .done: 0
        case .chunked, .untilClose: nil
        }
    }

    /// Takes the next piece of the body out of `buffer`. Between two calls, bytes may only be added to it.
    ///
    /// - Returns: data, the end (again and again once reached), or that more bytes are needed.
    /// - Throws: what is wrong with chunked framing or a trailer field; every later call throws the same.
    public mutating func next(_ buffer: inout ByteBuffer) throws(HTTPWireError) -> BodyEvent {
        switch state {
        case .done:
            return .end(trailers: ByteBuffer())
        case .untilClose:
            let slice = buffer.readSlice(length: buffer.readableBytes)
            guard let slice, slice.readableBytes > 0 else { return .needMore }
            return .data(slice)
        case .length(let remaining):
            let length = min(remaining, buffer.readableBytes)
            guard length > 0, let slice = buffer.readSlice(length: length) else { return .needMore }
            state = remaining == length ? .done : .length(remaining: remaining - length)
            return .data(slice)
        case .chunked:
            return try decoder.next(&buffer)
        }
    }

    /// Says that the sender has closed its side, after everything that arrived has been read.
    ///
    /// - Throws: `incompleteMessage` if the body has not ended; a body that ends with the connection has.
    public mutating func finishAtEOF() throws(HTTPWireError) {
        if case .untilClose = state { state = .done }
        guard isFinished else { throw HTTPWireError(.incompleteMessage, sender: sender) }
    }
}
