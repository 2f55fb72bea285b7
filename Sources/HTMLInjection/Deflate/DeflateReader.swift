/// Reads a deflate stream (RFC 1951) symbol by symbol, from any bit and as far as it has arrived.
///
/// What it refuses is what zlib refuses. It keeps no window: it tells what the symbols say, and how many bytes they
/// stand for.
struct DeflateReader: ~Copyable {
    /// What comes next in the stream.
    enum Stage: Equatable {
        case blockHeader
        case symbols
        /// The bytes of a stored block.
        case stored
        /// The last block is over.
        case trailer
    }

    /// How an attempt to read on ended. Only ``done`` moves the reader.
    enum Step: Equatable {
        case done
        /// It has not arrived completely.
        case needMore
        /// It is not deflate.
        case damaged
    }

    /// The three types of block (§3.2.3).
    enum BlockKind: Equatable {
        case stored, fixed, dynamic
    }

    enum Symbol: Equatable {
        case literal(UInt8)
        case match(length: Int, distance: Int)
        case endOfBlock
        case needMore
        case damaged
    }

    var input = InputBuffer()
    /// The next bit to read, counted from the start of `input`.
    var bit = 0
    /// How many bytes the stream stands for up to here.
    var position = 0
    var stage = Stage.blockHeader

    /// The current block: whether it is the last, its type, and where its header is in `input`.
    var isFinal = false
    var kind = BlockKind.stored
    var headerStart = 0
    /// What is left of a stored block.
    var storedBytes = 0
    /// Its codes: 288 lengths for literals and match lengths, then 32 for distances.
    let codeLengths: UnsafeMutablePointer<UInt8>
    let literals = DecodeTable(.literals, primaryBits: 11)
    let distances = DecodeTable(.distances, primaryBits: 9)
    let lengthCodes = DecodeTable(.codeLengths, primaryBits: 7)
    var hasFixedTables = false
    /// Where in `input` the header is that the tables were made of: a block that is gone through twice needs no others.
    var dynamicHeader: Range<Int>?
    /// Made when the block is first walked through.
    let walkTable = WalkTable()
    var hasWalkTable = false

    static let codeCount = DeflateAlphabet.literalCount + DeflateAlphabet.distanceCount

    init() {
        codeLengths = .allocate(capacity: Self.codeCount)
        codeLengths.initialize(repeating: 0, count: Self.codeCount)
    }

    deinit { codeLengths.deallocate() }

    /// The bits that have arrived and not been read.
    var available: Int { input.bitCount - bit }

    /// Goes (back) to the start of the stream.
    mutating func start(atByte byte: Int) {
        bit = byte * 8
        position = 0
        stage = .blockHeader
    }

    /// Reads the next symbol of a block with codes.
    mutating func readSymbol() -> Symbol {
        let available = available
        let bits = input.bits(at: bit)
        // The bits that have not arrived are zeros here. An entry that needs none of them is right all the same.
        let entry = literals.entry(for: bits)
        guard entry.bits <= available else { return .needMore }
        if entry.isLiteral {
            bit += entry.bits
            position += 1
            return .literal(UInt8(truncatingIfNeeded: entry.base))
        }
        if entry.isException {
            guard entry.isEnd else { return .damaged }
            bit += entry.bits
            return .endOfBlock
        }
        let rest = input.bits(at: bit + entry.bits)
        let distanceEntry = distances.entry(for: rest)
        guard entry.bits + distanceEntry.bits <= available else { return .needMore }
        let distance = distanceEntry.value(rest)
        guard !distanceEntry.isException, distance <= position else { return .damaged }
        let length = entry.value(bits)
        bit += entry.bits + distanceEntry.bits
        position += length
        return .match(length: length, distance: distance)
    }

    /// Passes over as much of a stored block as has arrived, and gives its place among the input's bytes.
    mutating func takeStored(atMost limit: Int) -> Range<Int> {
        let start = bit / 8
        let count = min(storedBytes, limit, input.count - start)
        bit += count * 8
        position += count
        storedBytes -= count
        return start..<start + count
    }

    /// Goes on behind the current block.
    mutating func endBlock() {
        stage = isFinal ? .trailer : .blockHeader
        if isFinal { bit = (bit + 7) & ~7 }
    }

    /// Forgets the input before the current bit.
    mutating func dropRead() {
        input.removeFirst(bit / 8)
        dynamicHeader = nil
        bit &= 7
    }
}
