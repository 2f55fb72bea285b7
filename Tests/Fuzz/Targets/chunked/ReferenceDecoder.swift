import FuzzSupport

/// The chunked coding read naively, all at once, with the bounds that the decoder documents.
///
/// It does not say which trailers go through: only that the section is well-formed.
struct ReferenceDecoder {
    private let bytes: [UInt8]
    private var position = 0
    private var outcome = Outcome()

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }

    private enum Stop: Error { case broken, incomplete }

    /// Decodes what `bytes` begin with.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        var decoder = ReferenceDecoder(bytes)
        do throws(Stop) {
            try decoder.chunks()
            try decoder.trailers()
            decoder.outcome.isFinished = true
            decoder.outcome.left = bytes.count - decoder.position
        } catch {
            decoder.outcome.isBroken = error == .broken
        }
        return decoder.outcome
    }

    private mutating func chunks() throws(Stop) {
        var debt = 0
        while true {
            let digits = bytes[position...].prefix { Character(UnicodeScalar($0)).hexDigitValue != nil }
            guard digits.count <= 15 else { throw .broken }
            position += digits.count
            guard position < bytes.count else { throw .incomplete }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { throw .broken }
            let extensions = try extensions()
            try expect(0x0D)
            try expect(0x0A)
            debt = max(0, debt + extensions - size / 16)
            guard debt <= 16 * 1024 else { throw .broken }
            if size == 0 { return }
            let data = bytes[position...].prefix(size)
            outcome.data += data
            position += data.count
            guard data.count == size else { throw .incomplete }
            try expect(0x0D)
            try expect(0x0A)
        }
    }

    /// Takes the chunk extensions, and returns how long they are.
    private mutating func extensions() throws(Stop) -> Int {
        guard bytes[position] == UInt8(ascii: ";") else { return 0 }
        let text = bytes[position...].prefix { $0 == 0x09 || (0x20...0x7E).contains($0) }
        guard text.count <= 256 else { throw .broken }
        position += text.count
        return text.count
    }

    private mutating func expect(_ byte: UInt8) throws(Stop) {
        guard position < bytes.count else { throw .incomplete }
        guard bytes[position] == byte else { throw .broken }
        position += 1
    }

    private mutating func trailers() throws(Stop) {
        var count = 0
        // A start line in front of a line makes a head of it.
        while let end = bytes[position...].firstIndex(of: 0x0A) {
            let line = bytes[position...end]
            position = end + 1
            if line.elementsEqual([0x0D, 0x0A]) { return }
            count += 1
            let head = StrictHead(Array("trailers\r\n".utf8) + line + [0x0D, 0x0A])
            guard count <= 100, head?.fields.count == 1 else { throw .broken }
        }
        throw .incomplete
    }
}
