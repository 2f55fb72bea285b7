public import NIOCore

/// Takes the chunked transfer coding off a body (RFC 9112 §7.1), to the letter: CRLF only, no whitespace around a size.
///
/// Data comes out as slices of what went in, also from the middle of a chunk. Chunk extensions are checked and dropped.
/// Trailer fields are checked like header fields; those that may not be in a trailer section are dropped.
public struct ChunkedDecoder: Sendable {
    /// A chunk extension may have this many bytes.
    static let maxExtension = 256

    /// And all extensions together this many more than a 16th of the data: they are read, but nobody wants them.
    static let maxExtensionDebt = 16 * 1024

    private enum State: Hashable {
        case size
        case data(remaining: Int)
        case dataEnd
        case trailers
        case done
    }

    private let sender: HTTPWireError.Sender
    private var state = State.size
    private var trailers: TrailerSection
    private var failure: HTTPWireError?
    private var extensionDebt = 0

    /// A decoder for one body.
    ///
    /// - Parameters:
    ///   - sender: who is to blame for mistakes.
    ///   - limits: of the trailer section.
    ///   - names: further trailer fields to drop, under all their spellings.
    public init(
        sender: HTTPWireError.Sender, limits: HeadLimits = HeadLimits(), droppingTrailers names: [FoldedName] = []
    ) {
        self.sender = sender
        trailers = TrailerSection(limits: limits, dropped: names)
    }

    /// Whether the body has ended.
    public var isFinished: Bool { state == .done }

    /// Takes the next piece of the body out of `buffer`. Between two calls, bytes may only be added to it.
    ///
    /// - Returns: data, the end, or that more bytes are needed. After the end it is the end again, without trailers.
    /// - Throws: `badChunk`, or what is wrong with a trailer field; every later call throws the same.
    public mutating func next(_ buffer: inout ByteBuffer) throws(HTTPWireError) -> BodyEvent {
        if let failure { throw failure }
        do {
            return try advance(&buffer)
        } catch {
            let failure = HTTPWireError(error, sender: sender)
            self.failure = failure
            throw failure
        }
    }

    private mutating func advance(_ buffer: inout ByteBuffer) throws(HTTPWireError.Kind) -> BodyEvent {
        while true {
            switch state {
            case .size:
                guard let size = try readSize(&buffer) else { return .needMore }
                state = size == 0 ? .trailers : .data(remaining: size)
            case .data(let remaining):
                let length = min(remaining, buffer.readableBytes)
                guard length > 0, let slice = buffer.readSlice(length: length) else { return .needMore }
                state = remaining == length ? .dataEnd : .data(remaining: remaining - length)
                return .data(slice)
            case .dataEnd:
                guard try skipLineEnd(&buffer) else { return .needMore }
                state = .size
            case .trailers:
                guard let lines = try trailers.read(&buffer) else { return .needMore }
                state = .done
                return .end(trailers: lines)
            case .done:
                return .end(trailers: ByteBuffer())
            }
        }
    }

    /// Reads `1*15HEXDIG [";" extension] CRLF`; nil if it has not arrived entirely.
    private mutating func readSize(_ buffer: inout ByteBuffer) throws(HTTPWireError.Kind) -> Int? {
        let line = try buffer.withUnsafeReadableBytes { (all) throws(HTTPWireError.Kind) -> ChunkLine? in
            try ChunkLine(all)
        }
        guard let line else { return nil }
        buffer.moveReaderIndex(forwardBy: line.length)
        if line.extensionLength > 0 || extensionDebt > 0 {
            extensionDebt = max(0, extensionDebt + line.extensionLength - line.size / 16)
            if extensionDebt > Self.maxExtensionDebt { throw .badChunk }
        }
        return line.size
    }

    /// Returns false if the CRLF after a chunk's data has not arrived entirely.
    private func skipLineEnd(_ buffer: inout ByteBuffer) throws(HTTPWireError.Kind) -> Bool {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        guard first == ASCII.cr else { throw .badChunk }
        guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return false }
        guard second == ASCII.lf else { throw .badChunk }
        buffer.moveReaderIndex(forwardBy: 2)
        return true
    }
}

/// The line before a chunk's data.
private struct ChunkLine {
    /// 15 hexadecimal digits always fit an `Int`.
    static let maxDigits = 15

    private(set) var size = 0
    private(set) var extensionLength = 0
    private(set) var length = 0

    /// Reads the line that `all` begins with; nil if it has not arrived entirely.
    ///
    /// It is judged byte by byte, so that a wrong byte is refused at once however few follow.
    init?(_ all: UnsafeRawBufferPointer) throws(HTTPWireError.Kind) {
        var index = 0
        while index < all.count, let digit = Self.hexadecimal(all[index]) {
            guard index < Self.maxDigits else { throw .badChunk }
            size = size << 4 | digit
            index += 1
        }
        guard index < all.count else { return nil }
        guard index > 0 else { throw .badChunk }
        if all[index] == 0x3B {
            let start = index
            while index < all.count, all[index] != ASCII.cr {
                // Visible ASCII and blanks: no line end and no other control hides in an extension.
                guard all[index] < 0x7F, !ASCII.isForbiddenControl(all[index]),
                    index - start < ChunkedDecoder.maxExtension
                else { throw .badChunk }
                index += 1
            }
            extensionLength = index - start
            guard index < all.count else { return nil }
        }
        guard all[index] == ASCII.cr else { throw .badChunk }
        guard index + 1 < all.count else { return nil }
        guard all[index + 1] == ASCII.lf else { throw .badChunk }
        length = index + 2
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x41) + 10
        case 0x61...0x66: Int(byte - 0x61) + 10
        default: nil
        }
    }
}
