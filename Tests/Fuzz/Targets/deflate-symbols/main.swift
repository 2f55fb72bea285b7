import DeflateOracle
import FuzzSupport
import HTMLInjection

// Deflate streams that are valid, and that no compressor would write: an input says symbol by symbol what is in them, and
// block by block with which codes.

/// What a deflate stream says.
enum Symbol {
    case literal(UInt8)
    case match(length: Int, distance: Int)
}

/// A stream in the making.
struct Composer {
    private var reader: InputReader
    private var random: InputRandom
    private var sink = BitSink()
    private(set) var page: [UInt8] = []
    private var kind = BlockKind.fixed
    private var block: [Symbol] = []
    private let isGzip: Bool
    let tag: [UInt8]

    private static let longestPage = 100_000

    init(_ input: UnsafeRawBufferPointer) {
        reader = InputReader(input)
        random = InputRandom(input)
        isGzip = reader.byte() & 1 == 0
        tag = Array(repeating: UInt8(ascii: "t"), count: 1 + 4 * Int(reader.byte()))
        kind = BlockKind.allCases[reader.number(in: 0...BlockKind.allCases.count - 1)]
        if reader.byte() & 1 == 1 { "<!doctype html><html><head>".utf8.forEach { add(.literal($0)) } }
    }

    /// The body, in an envelope with the right checksum.
    mutating func compose() -> [UInt8] {
        while !reader.rest.isEmpty, page.count < Self.longestPage { step() }
        endBlock(isFinal: true)
        let header: [UInt8] = isGzip ? [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] : [0x78, 0x9C]
        return header + sink.bytes + trailer(of: page, isGzip: isGzip)
    }

    private mutating func add(_ symbol: Symbol) {
        block.append(symbol)
        switch symbol {
        case .literal(let byte): page.append(byte)
        case .match(let length, let distance): for _ in 0..<length { page.append(page[page.count - distance]) }
        }
    }

    private mutating func step() {
        switch reader.number(in: 0...7) {
        case 0: add(.literal(reader.byte()))
        case 1: for _ in 0...reader.number(in: 0...15) { add(.literal(reader.byte())) }
        case 2: for _ in 0..<64 * Int(reader.byte()) { add(.literal(.random(in: 0x61...0x68, using: &random))) }
        case 3: match(length: reader.number(in: 3...258), back: Int(reader.byte()) << 8 | Int(reader.byte()))
        case 4:
            // From everywhere to everywhere, as a page's repeated phrases are.
            for _ in 0..<reader.number(in: 0...63) {
                match(length: .random(in: 3...40, using: &random), back: .random(in: 0...40_000, using: &random))
                add(.literal(UInt8.random(in: 0x61...0x68, using: &random)))
            }
        case 5:
            // The farthest possible, or everything since the beginning.
            match(length: reader.number(in: 3...258), back: 32_767)
        case 6: for _ in 0..<reader.number(in: 0...63) { match(length: 258, back: Int(reader.byte())) }
        default:
            endBlock(isFinal: false)
            kind = BlockKind.allCases[reader.number(in: 0...BlockKind.allCases.count - 1)]
        }
    }

    private mutating func match(length: Int, back: Int) {
        guard !page.isEmpty else { return }
        add(.match(length: length, distance: 1 + back % min(page.count, 32_768)))
    }

    private mutating func endBlock(isFinal: Bool) {
        let count = block.reduce(0) { $0 + $1.length }
        sink.writeBlock(block, of: page.suffix(count), as: kind, isFinal: isFinal, &random)
        block = []
    }
}

extension Symbol {
    /// How many bytes it stands for.
    var length: Int {
        switch self {
        case .literal: 1
        case .match(let length, _): length
        }
    }
}

fuzz { input in
    var composer = Composer(input)
    let body = composer.compose()
    let format: DeflateFormat = body.first == 0x1F ? .gzip : .deflate
    let inflated = Inflated(body, as: format)
    check(inflated.end == .complete && inflated.bytes == composer.page, "zlib does not understand the composer")
    checkInjection(into: body, as: format, tag: composer.tag)
}
