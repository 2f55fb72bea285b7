import DeflateOracle
import FuzzSupport
import HTMLInjection

// Compressed bodies of any bytes. The first byte of an input says what the others are: a gzip body, a deflate body (zlib's
// format or bare), or a deflate stream that gets an envelope with the right checksum, so that its end is reached.

let tag = Array("<script src=\"/crossdomain/loader.js\" async></script>".utf8)

fuzz { input in
    var reader = InputReader(input)
    let kind = reader.number(in: 0...3)
    let body = Array(reader.rest)
    switch kind {
    case 0: checkInjection(into: body, as: .gzip, tag: tag)
    case 1: checkInjection(into: body, as: .deflate, tag: tag)
    default:
        let isGzip = kind == 2
        let header: [UInt8] = isGzip ? [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] : [0x78, 0x9C]
        let stream = Inflated(bareStream: body)
        let whole =
            header + body.prefix(stream.consumed) + trailer(of: stream.bytes, isGzip: isGzip)
            + body.dropFirst(stream.consumed)
        checkInjection(into: whole, as: isGzip ? .gzip : .deflate, tag: tag)
    }
}
