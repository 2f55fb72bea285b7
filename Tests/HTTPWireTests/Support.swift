import NIOCore

@testable import HTTPWire

extension String {
    /// Readable in a test's name.
    var escaped: String {
        let text = unicodeScalars.map {
            $0.value < 0x20 || $0.value > 0x7E ? "\\x\(String($0.value, radix: 16))" : "\($0)"
        }
        return text.joined().prefix(100).description
    }

    /// One byte per scalar: U+0085 is the byte 0x85.
    var latin1: [UInt8] { unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}

/// What a parser made of some bytes, in a form that can be compared.
struct Parsed: Equatable, CustomStringConvertible {
    var outcome: String
    var left = 0
    var facts: [String] = []
    var description: String { "\(outcome) left:\(left) \(facts)" }
}

/// Every way of cutting that the tests use: whole, in two at every byte, byte by byte.
func everyCut(of bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    var cuts: [[ArraySlice<UInt8>]] = [[bytes[...]], bytes.indices.map { bytes[$0...$0] }]
    for cut in bytes.indices.dropFirst() { cuts.append([bytes[..<cut], bytes[cut...]]) }
    return cuts
}

func parseRequest(_ pieces: [ArraySlice<UInt8>], limits: HeadLimits = HeadLimits()) -> (Parsed, RequestHead) {
    var parser = RequestHeadParser(limits: limits)
    let head = RequestHead()
    var buffer = ByteBuffer()
    var result = Parsed(outcome: "more")
    var rest = pieces[...]
    while let piece = rest.popFirst() {
        buffer.writeBytes(piece)
        do throws(HTTPWireError) {
            guard try parser.parse(&buffer, into: head) else { continue }
            result = Parsed(
                outcome: "ok", left: buffer.readableBytes + rest.reduce(0) { $0 + $1.count }, facts: facts(of: head))
        } catch {
            result = Parsed(outcome: "\(error.kind) \(error.status)")
        }
        break
    }
    return (result, head)
}

func parseResponse(_ pieces: [ArraySlice<UInt8>], limits: HeadLimits = HeadLimits()) -> (Parsed, ResponseHead) {
    var parser = ResponseHeadParser(limits: limits)
    let head = ResponseHead()
    var buffer = ByteBuffer()
    var result = Parsed(outcome: "more")
    var rest = pieces[...]
    while let piece = rest.popFirst() {
        buffer.writeBytes(piece)
        do throws(HTTPWireError) {
            guard try parser.parse(&buffer, into: head) else { continue }
            result = Parsed(
                outcome: "ok", left: buffer.readableBytes + rest.reduce(0) { $0 + $1.count }, facts: facts(of: head))
        } catch {
            result = Parsed(outcome: "\(error.kind) \(error.status)")
        }
        break
    }
    return (result, head)
}

func request(_ text: String, limits: HeadLimits = HeadLimits()) -> RequestHead {
    parseRequest([text.latin1[...]], limits: limits).1
}

func response(_ text: String) -> ResponseHead { parseResponse([text.latin1[...]]).1 }

private func facts(of head: RequestHead) -> [String] {
    [
        head.string(head.method), "\(head.knownMethod)", head.string(head.target), head.string(head.path),
        head.query.map { head.string($0) } ?? "-", "\(head.version)", head.string(head.host),
        head.string(head.hostName), "\(head.hostPort ?? 0)", "\(head.isAbsoluteForm)", "\(head.hostIsFromTarget)",
        "\(head.framing)", "\(head.keepAlive)", "\(head.expectsContinue)", "\(head.upgrade)", written(head),
    ] + fieldFacts(head)
}

private func facts(of head: ResponseHead) -> [String] {
    [
        "\(head.status)", head.string(head.reason), "\(head.version)", "\(head.framing)", "\(head.keepAlive)",
        "\(head.upgrade)", written(head),
    ] + fieldFacts(head)
}

private func fieldFacts(_ head: some MessageHead) -> [String] {
    head.fields.map { "\(head.string($0.name))|\(head.string($0.value))|\($0.line)|\($0.known)|\($0.isRemoved)" }
}

func written(_ head: RequestHead, target: String? = nil) -> String {
    var buffer = ByteBuffer()
    head.writeHead(into: &buffer, target: target.map { ByteBuffer(string: $0) })
    return String(buffer: buffer)
}

func written(_ head: ResponseHead) -> String {
    var buffer = ByteBuffer()
    head.writeHead(into: &buffer)
    return String(buffer: buffer)
}

/// Reads a whole body and says what came out of it, independently of the pieces it came in.
func readBody(
    _ pieces: [ArraySlice<UInt8>], _ framing: BodyFraming = .chunked, limits: HeadLimits = HeadLimits(),
    dropping: [FoldedName] = [], atEOF: Bool = false
) -> Parsed {
    var reader = BodyReader(framing, sender: .client, limits: limits, droppingTrailers: dropping)
    var buffer = ByteBuffer()
    var data: [UInt8] = []
    var rest = pieces[...]
    do throws(HTTPWireError) {
        while let piece = rest.popFirst() {
            buffer.writeBytes(piece)
            reading: while true {
                switch try reader.next(&buffer) {
                case .needMore: break reading
                case .data(let slice): data += slice.readableBytesView
                case .end(let trailers):
                    return Parsed(
                        outcome: "end", left: buffer.readableBytes + rest.reduce(0) { $0 + $1.count },
                        facts: [String(decoding: data, as: UTF8.self), String(buffer: trailers)])
                }
            }
        }
        if atEOF { try reader.finishAtEOF() }
        return Parsed(
            outcome: reader.isFinished ? "end" : "more", left: buffer.readableBytes,
            facts: [String(decoding: data, as: UTF8.self)])
    } catch {
        return Parsed(outcome: "\(error.kind) \(error.status)", facts: [String(decoding: data, as: UTF8.self)])
    }
}

/// A small deterministic generator (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
