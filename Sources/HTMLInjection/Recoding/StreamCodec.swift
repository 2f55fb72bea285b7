import NIOCore

/// Decodes a content coding piece by piece, in bounded steps and constant memory.
protocol StreamDecoder: AnyObject {
    /// Whether the body may end here: it is complete as far as it was given.
    var isAtEnd: Bool { get }

    /// Takes as much of `input` as fits one step, and appends at most ``stepSize`` decoded bytes to `output`.
    func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> DecodingStep
}

/// What a ``StreamDecoder`` has come to after a step.
enum DecodingStep: Equatable {
    /// All of the input has been taken, and all that it stands for was given.
    case drained
    /// There is more to come: call again, even if no input is left.
    case unfinished
    /// The bytes are not of this coding, or ask for more memory than it grants.
    case damaged
}

/// How many bytes a decoder gives at a time.
let stepSize = 16 * 1024

/// Encodes a content coding piece by piece, in constant memory.
protocol StreamEncoder: AnyObject {
    /// Encodes all of `bytes` and brings out what `ending` demands. `false` for an error of the library: no memory.
    func encode(_ bytes: ByteBuffer, _ ending: EncodingStep, into out: inout [ByteBuffer]) -> Bool
}

/// What comes out of a ``StreamEncoder`` besides what it happens to have ready.
enum EncodingStep {
    /// Nothing in particular: it may hold bytes back for a better ratio.
    case run
    /// Everything encoded so far, so that a decoder can show it.
    case flush
    /// Everything, and the end of the body.
    case finish
}

/// Collects an encoder's output in pieces of about ``stepSize``.
struct PieceWriter {
    private var piece = ByteBuffer()

    /// Lets `step` write into free memory until it is done, and hands everything out. It returns how many bytes it wrote
    /// and whether there are more, or nil for an error, upon which this returns `false`.
    mutating func write(
        into out: inout [ByteBuffer], _ step: (UnsafeMutableRawBufferPointer) -> (count: Int, hasMore: Bool)?
    ) -> Bool {
        var done: (count: Int, hasMore: Bool)?
        repeat {
            _ = piece.writeWithUnsafeMutableBytes(minimumWritableBytes: 2048) { space in
                done = step(space)
                return done?.count ?? 0
            }
            if piece.readableBytes >= stepSize { release(into: &out) }
        } while done?.hasMore == true
        release(into: &out)
        return done != nil
    }

    private mutating func release(into out: inout [ByteBuffer]) {
        guard piece.readableBytes > 0 else { return }
        out.append(piece)
        piece = ByteBuffer()
    }
}
