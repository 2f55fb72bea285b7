import HTMLInjection

typealias FinderAnswer = InsertionPointFinder.Progress

/// What the standard says of a whole page, read token by token with searches instead of states (WHATWG HTML §13.2.5 and
/// §13.2.6.4.1 to .3). Slow, and written without a look at the finder that it judges.
struct ReferenceFinder {
    /// An answer, and by which byte it is certain.
    struct Found {
        var answer: FinderAnswer
        /// The offset of the byte that decides, or the page's length if its end does.
        var decidedAt: Int
        var count: Int

        /// The answer of a finder that may look at `limit` bytes.
        func answer(within limit: Int) -> FinderAnswer {
            min(decidedAt + 1, count) > limit ? .skip(.prefixTooLong) : answer
        }
    }

    private let page: [UInt8]
    private let needsMarker: Bool
    private var hasMarker = false
    private var position = 0

    private init(_ bytes: UnsafeRawBufferPointer, needsMarker: Bool) {
        page = Array(bytes)
        self.needsMarker = needsMarker
    }

    /// Reads a page.
    static func find(in bytes: UnsafeRawBufferPointer, needsMarker: Bool) -> Found {
        var finder = ReferenceFinder(bytes, needsMarker: needsMarker)
        let found = finder.readTokens()
        // A byte that no ASCII-compatible page has counts if it is looked at.
        if let alien = bytes.firstIndex(where: { $0 == 0 || $0 == 0x1B }), alien <= found.decidedAt {
            return finder.decide(.skip(.notASCIICompatible), at: alien)
        }
        return found
    }

    private func decide(_ answer: FinderAnswer, at offset: Int) -> Found {
        Found(answer: answer, decidedAt: offset, count: page.count)
    }

    /// The token at `position` makes the parser open the head.
    private func open(decidedAt offset: Int) -> Found {
        decide(needsMarker && !hasMarker ? .skip(.fragment) : .insert(at: position), at: offset)
    }

    private func unfinished() -> Found { decide(.skip(.unterminated), at: page.count) }

    private mutating func readTokens() -> Found {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if page.first == 0xFE || page.first == 0xFF { return decide(.skip(.notASCIICompatible), at: 0) }
        if page.first == 0xEF {
            let common = zip(page, mark).prefix { $0 == $1 }.count
            guard common == 3 else { return open(decidedAt: common) }
            position = 3
        }
        while position < page.count {
            if let found = readToken() { return found }
        }
        return decide(hasMarker ? .insert(at: page.count) : .skip(.empty), at: page.count)
    }

    /// Reads one token; an answer if it decides, or if it never ends.
    private mutating func readToken() -> Found? {
        if isSpace(page[position]) {
            position += 1
            return nil
        }
        if page[position] == UInt8(ascii: "&") { return readReference() }
        guard page[position] == UInt8(ascii: "<") else { return open(decidedAt: position) }
        if starts("<!--", at: position) { return skip(to: endOfComment(position + 4)) }
        if starts("<!doctype", at: position) { hasMarker = true }
        if starts("<!", at: position) || starts("<?", at: position) { return skip(to: first(">", from: position)) }
        let isEnd = starts("</", at: position)
        let start = position + (isEnd ? 2 : 1)
        guard start < page.count else { return open(decidedAt: page.count) }
        guard isLetter(page[start]) else {
            return isEnd ? skip(to: first(">", from: start)) : open(decidedAt: start)
        }
        return readTag(nameFrom: start, isEnd: isEnd)
    }

    private mutating func skip(to end: Int?) -> Found? {
        guard let end else { return unfinished() }
        position = end
        return nil
    }

    private mutating func readTag(nameFrom start: Int, isEnd: Bool) -> Found? {
        guard let nameEnd = page[start...].firstIndex(where: { isSpace($0) || $0 == 0x2F || $0 == 0x3E }) else {
            return unfinished()
        }
        let name = String(decoding: page[start..<nameEnd], as: UTF8.self).lowercased()
        let opens = isEnd ? ["head", "body", "html", "br"].contains(name) : !["html", "head"].contains(name)
        if opens { return open(decidedAt: nameEnd) }
        guard let end = endOfTag(nameEnd) else { return unfinished() }
        if !isEnd { hasMarker = true }
        position = end
        return !isEnd && name == "head" ? decide(.insert(at: end), at: end - 1) : nil
    }

    /// After the `>` of a tag whose name ends at `start`: one attribute after another (§13.2.5.32 to .40).
    private func endOfTag(_ start: Int) -> Int? {
        var at = start
        func skipSpaces() { while at < page.count, isSpace(page[at]) { at += 1 } }
        while true {
            while at < page.count, isSpace(page[at]) || page[at] == 0x2F { at += 1 }
            guard at < page.count else { return nil }
            if page[at] == 0x3E { return at + 1 }
            at += 1  // a name's first character, even "="
            while at < page.count, !isSpace(page[at]), ![0x2F, 0x3E, 0x3D].contains(page[at]) { at += 1 }
            skipSpaces()
            guard at < page.count, page[at] == 0x3D else { continue }
            at += 1
            skipSpaces()
            guard at < page.count else { return nil }
            switch page[at] {
            case 0x3E: return at + 1
            case 0x22, 0x27:
                guard let close = page[(at + 1)...].firstIndex(of: page[at]) else { return nil }
                at = close + 1
            default: while at < page.count, !isSpace(page[at]), page[at] != 0x3E { at += 1 }
            }
        }
    }

    /// After the comment whose text begins at `start` (§13.2.5.43 to .52).
    private func endOfComment(_ start: Int) -> Int? {
        if starts(">", at: start) { return start + 1 }
        if starts("->", at: start) { return start + 2 }
        for at in start..<max(start, page.count) {
            if starts("-->", at: at) { return at + 3 }
            if starts("--!>", at: at) { return at + 4 }
        }
        return nil
    }

    /// A character reference: white space is passed over, everything else is text (§13.2.5.72 to .80).
    private mutating func readReference() -> Found? {
        for name in ["&Tab;", "&NewLine;"] where page[position...].starts(with: name.utf8) {
            position += name.utf8.count
            return nil
        }
        guard starts("&#", at: position) else {
            // No name of white space is longer than seven letters.
            let end = page[(position + 1)...].firstIndex { !isLetter($0) } ?? page.count
            return open(decidedAt: min(end, position + 8))
        }
        let isHexadecimal = starts("&#x", at: position)
        let start = position + (isHexadecimal ? 3 : 2)
        let radix = isHexadecimal ? 16 : 10
        let digits = page[min(start, page.count)...].prefix { byte in
            Character(UnicodeScalar(byte)).hexDigitValue.map { $0 < radix } ?? false
        }
        let text = String(decoding: digits.drop { $0 == 0x30 }, as: UTF8.self)
        guard let code = Int(text, radix: radix), [0x20, 0x0A, 0x0D, 0x09, 0x0C].contains(code) else {
            return open(decidedAt: min(start + digits.count, page.count))
        }
        position = digits.endIndex
        if starts(";", at: position) { position += 1 }
        return nil
    }

    private func starts(_ text: String, at offset: Int) -> Bool {
        guard offset <= page.count else { return false }
        let there = page[offset...].prefix(text.utf8.count)
        return there.count == text.utf8.count && zip(there, text.utf8).allSatisfy { lowercased($0) == $1 }
    }

    private func first(_ text: String, from offset: Int) -> Int? {
        (offset..<page.count).first { starts(text, at: $0) }.map { $0 + text.utf8.count }
    }

    private func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }
    private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(lowercased(byte)) }
    private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(byte) }
}
