import CZlib
import DeflateOracle
import FuzzSupport
import HTMLInjection

// Pages that zlib has compressed, in every way it knows. An input is a recipe: settings, then steps, each of which adds
// something to the page, flushes, or changes the settings.

/// A page in the making, and its compressed form.
struct Recipe {
    private var reader: InputReader
    private var random: InputRandom
    private var page: [UInt8] = []
    private var compressor: Compressor
    private let windowBits: Int
    /// 0 for gzip, 1 for zlib's format, 2 for gzip with a second member, 3 for a bare stream.
    let format: Int
    let tag: [UInt8]

    /// No more than this: enough for matches from everywhere to everywhere.
    private static let longestPage = 70_000

    private static let snippets = [
        "<!doctype html>", "<html lang=en>", "<head>", "<!--", "-->", "<title>", "</title>", "<p class=\"x\">", "\r\n",
        " ", "&#32;", "text", "<script>", "</body></html>",
    ].map { Array($0.utf8) }

    init(_ input: UnsafeRawBufferPointer) {
        reader = InputReader(input)
        random = InputRandom(input)
        format = reader.number(in: 0...3)
        windowBits = reader.number(in: 9...15)
        tag = Array(repeating: UInt8(ascii: "t"), count: 1 + 4 * Int(reader.byte()))
        compressor = Compressor(
            level: reader.number(in: 0...9), windowBits: windowBits, memoryLevel: reader.number(in: 1...9),
            strategy: reader.number(in: 0...4))
        if reader.byte() & 1 == 1 { add(Array("<!doctype html><html><head>".utf8)) }
    }

    /// The whole body.
    mutating func cook() -> [UInt8] {
        while !reader.rest.isEmpty, page.count < Self.longestPage { step() }
        let stream = compressor.finish()
        switch format {
        case 0: return gzipHeader() + stream + trailer(of: page, isGzip: true)
        case 1: return zlibHeader() + stream + trailer(of: page, isGzip: false)
        // A second member, which browsers do not show.
        case 2: return gzipHeader() + stream + trailer(of: page, isGzip: true) + gzipHeader() + stream
        default: return stream
        }
    }

    private mutating func add(_ bytes: [UInt8]) {
        page += bytes
        compressor.add(bytes)
    }

    private mutating func step() {
        switch reader.number(in: 0...7) {
        case 0: add((0...reader.number(in: 0...31)).map { _ in reader.byte() })
        case 1: add(Self.snippets[reader.number(in: 0...Self.snippets.count - 1)])
        case 2:
            let distance = 1 + Int(reader.byte()) << 8 + Int(reader.byte())
            let length = 1 + 3 * Int(reader.byte())
            let start = max(0, page.count - distance)
            add(Array(page[start...].prefix(length)))
        case 3: add(Array(repeating: reader.byte(), count: 16 * Int(reader.byte())))
        case 4:
            let count = 128 * Int(reader.byte())
            let spread = UInt8.random(in: 0...63, using: &random)
            add((0..<count).map { _ in UInt8.random(in: 0x30...0x30 + spread, using: &random) })
        case 5: compressor.flush([Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK][reader.number(in: 0...3)])
        case 6: compressor.change(level: reader.number(in: 0...9), strategy: reader.number(in: 0...4))
        default: add(Array(page.suffix(32 + Int(reader.byte())).prefix(32)))
        }
    }

    /// RFC 1952 §2.3, with the parts that an input asks for.
    private func gzipHeader() -> [UInt8] {
        let flags = tag.count >> 2 & 0x0E
        var header: [UInt8] = [0x1F, 0x8B, 8, UInt8(flags), 1, 2, 3, 4, 0, 3]
        if flags & 4 != 0 { header += [3, 0, 0x61, 0x62, 0x63] }
        if flags & 8 != 0 { header += Array("page.html\0".utf8) }
        if flags & 2 != 0 {
            let sum = crc32(0, header, UInt32(header.count))
            header += [UInt8(sum & 255), UInt8(sum >> 8 & 255)]
        }
        return header
    }

    /// RFC 1950 §2.2.
    private func zlibHeader() -> [UInt8] {
        let method = (windowBits - 8) << 4 | 8
        return [UInt8(method), UInt8(31 - method << 8 % 31)]
    }
}

fuzz { input in
    var recipe = Recipe(input)
    let body = recipe.cook()
    checkInjection(into: body, as: recipe.format == 1 || recipe.format == 3 ? .deflate : .gzip, tag: recipe.tag)
}
