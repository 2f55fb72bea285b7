import FuzzSupport
import HTTPWire

// The PROXY header: however the bytes come, the same is read, at the byte at which it is complete, and as a naive reading
// of the specification has it; and what is read can be written again.

/// What came of it, and after how many bytes.
struct Outcome: Equatable {
    var header: ProxyHeader?
    var isRefused = false
}

func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    do throws(ProxyHeaderError) {
        return Outcome(header: try ProxyHeader.read(bytes))
    } catch {
        return Outcome(isRefused: true)
    }
}

/// Reads as a connection does: again with each piece, until there is an answer.
func read(_ input: UnsafeRawBufferPointer, _ cutting: Cutting) -> Outcome {
    var count = 0
    var outcome = Outcome()
    cutting.forEachPiece(of: input) { piece in
        guard outcome == Outcome() else { return }
        count += piece.count
        outcome = read(UnsafeRawBufferPointer(rebasing: input[..<count]))
    }
    return outcome
}

fuzz { input in
    let outcome = read(input)
    for cutting in Cutting.allCases { checkEqual(read(input, cutting), outcome, "in pieces: \(cutting)") }
    guard let header = outcome.header else { return }
    check(header.length <= input.count, "more was taken than there was")
    check(header.length <= max(ProxyHeader.longestLine, ProxyHeader.longestBinary), "too long")
    for count in 0..<header.length {
        checkEqual(read(UnsafeRawBufferPointer(rebasing: input[..<count])), Outcome(), "an answer too early")
    }

    let bytes = Array(input[..<header.length])
    checkEqual(header.source, ReferenceReader.source(bytes), "who it is from")

    guard case .client(let address, let port) = header.source else { return }
    for text in [ReferenceReader.line(address, port), ReferenceReader.binary(address, port)] {
        let again = text.withUnsafeBytes { read($0) }
        checkEqual(again, Outcome(header: ProxyHeader(source: header.source, length: text.count)), "written again")
    }
}
