import FuzzSupport
import HTTPWire
import NIOCore

// The chunked transfer coding: the decoder must answer what a naive reading of RFC 9112 §7.1 answers, however the bytes
// arrive, and what is encoded again is the same body.

/// What came of a body's bytes.
struct Outcome: Equatable {
    var data: [UInt8] = []
    var trailers: [UInt8] = []
    var isFinished = false
    var isBroken = false
    /// Bytes after the body, which belong to the next message.
    var left = 0
}

func decode(_ input: UnsafeRawBufferPointer, _ cutting: Cutting) -> Outcome {
    var decoder = ChunkedDecoder(sender: .client)
    var buffer = ByteBuffer()
    var outcome = Outcome()
    cutting.forEachPiece(of: input) { piece in
        guard !outcome.isBroken else { return }
        buffer.writeBytes(piece)
        do throws(HTTPWireError) {
            try drain(&decoder, &buffer, into: &outcome)
        } catch {
            outcome.isBroken = true
        }
        checkEqual(decoder.isFinished, outcome.isFinished, "whether it is finished")
        outcome.left = outcome.isBroken ? 0 : buffer.readableBytes
    }
    // What has not arrived entirely is nobody's yet.
    if !outcome.isFinished { outcome.left = 0 }
    return outcome
}

private func drain(
    _ decoder: inout ChunkedDecoder, _ buffer: inout ByteBuffer, into outcome: inout Outcome
) throws(HTTPWireError) {
    while !outcome.isFinished {
        switch try decoder.next(&buffer) {
        case .needMore: return
        case .data(let data):
            check(data.readableBytes > 0, "no data")
            outcome.data += data.readableBytesView
        case .end(let trailers):
            outcome.trailers = Array(trailers.readableBytesView)
            outcome.isFinished = true
        }
    }
}

/// The body, encoded anew in pieces of seven bytes, with its trailers.
func encoded(_ outcome: Outcome) -> ByteBuffer {
    var buffer = ByteBuffer()
    var rest = outcome.data[...]
    while !rest.isEmpty {
        let piece = rest.prefix(7)
        ChunkedEncoder.writeHeader(of: piece.count, into: &buffer)
        buffer.writeBytes(piece)
        ChunkedEncoder.writeDataEnd(into: &buffer)
        rest = rest.dropFirst(7)
    }
    ChunkedEncoder.writeEnd(trailers: ByteBuffer(bytes: outcome.trailers), into: &buffer)
    return buffer
}

fuzz { input in
    var outcome = decode(input, .whole)
    checkEqual(decode(input, .byteByByte), outcome, "byte by byte")
    checkEqual(decode(input, .irregular), outcome, "in pieces")
    check(outcome.data.count + outcome.trailers.count + outcome.left <= input.count, "more than there was")

    let reference = ReferenceDecoder.decode(input)
    checkEqual(outcome.isFinished, reference.isFinished, "whether it is finished")
    checkEqual(outcome.isBroken, reference.isBroken, "whether it is broken")
    checkEqual(outcome.data, reference.data, "the data")
    checkEqual(outcome.left, reference.left, "what is left over")

    guard outcome.isFinished else { return }
    outcome.left = 0
    encoded(outcome).withUnsafeReadableBytes { checkEqual(decode($0, .whole), outcome, "encoded again") }
}
