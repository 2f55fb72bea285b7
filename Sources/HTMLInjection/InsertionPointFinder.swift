/// Finds the byte of an HTML document at which a tag can be inserted as the first child of `head`, without any other
/// effect on the tree that a browser builds.
///
/// That is right after the `<head …>` start tag; in a document without one, before the token that makes the browser
/// open the head implicitly. It follows the WHATWG HTML standard: tokenization (§13.2.5) of what may come first, and
/// the insertion modes "initial", "before html" and "before head" (§13.2.6.4.1 to .3), which for this question are
/// one: they all pass over whitespace, comments, doctypes, `<html …>` and stray end tags.
///
/// The document is fed in pieces of any size; the state between two bytes is a few words. Nothing after the insertion
/// point is looked at.
public struct InsertionPointFinder: Sendable {
    /// What is known after a piece.
    public enum Progress: Equatable, Sendable {
        /// The insertion point is further on.
        case needMore
        /// Insert before the byte at this offset from the start of the document. It may lie in an earlier piece, by as
        /// much as one unfinished tag.
        case insert(at: Int)
        /// Leave the document alone.
        case skip(InjectionSkip)
    }

    /// Bytes of the document fed so far.
    public private(set) var offset = 0
    private let limit: Int
    private let requiresDocumentMarker: Bool
    private var state = TokenizerState.start
    /// Where the token that is being read began.
    private var tokenStart = 0
    private var hasDocumentMarker = false
    private var tagName = ShortName()
    private var isEndTag = false
    private var reference = CharacterReference()
    private var result: Progress?

    /// A finder at the start of a document.
    ///
    /// - Parameters:
    ///   - requiresDocumentMarker: insert only if a doctype, `<html …>` or `<head …>` comes before the insertion point,
    ///     so that a fragment which a script fetched is left alone.
    ///   - limit: how many bytes may be looked at before the search is given up.
    public init(requiresDocumentMarker: Bool, limit: Int = 64 * 1024) {
        self.requiresDocumentMarker = requiresDocumentMarker
        self.limit = limit
    }

    /// Looks at the next piece. Once the answer is something other than ``Progress/needMore`` it stays that.
    public mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Progress {
        if let result { return result }
        for byte in bytes {
            guard offset < limit else { return conclude(.skip(.prefixTooLong)) }
            // ISO-2022-JP switches to two-byte characters with ESC, and NUL means UTF-16 or no text at all: what looks
            // like a tag there need not be one.
            guard byte != 0, byte != 0x1B else { return conclude(.skip(.notASCIICompatible)) }
            if let progress = take(byte) { return conclude(progress) }
            offset &+= 1
        }
        return .needMore
    }

    /// The document ends here. The answer is never ``Progress/needMore``.
    public mutating func finish() -> Progress {
        if let result { return result }
        switch state {
        case .start, .data: break
        case .reference where reference.isWhitespaceSoFar: break
        case .byteOrderMark1, .byteOrderMark2, .reference, .tagOpen, .endTagOpen: return conclude(beforeToken())
        default: return conclude(.skip(.unterminated))
        }
        // Whitespace and comments only: with a doctype or `<html>` it is an (empty) document, otherwise nothing.
        return conclude(hasDocumentMarker ? .insert(at: offset) : .skip(.empty))
    }

    private mutating func conclude(_ progress: Progress) -> Progress {
        result = progress
        return progress
    }

    /// The current token opens the head implicitly.
    private func beforeToken() -> Progress {
        requiresDocumentMarker && !hasDocumentMarker ? .skip(.fragment) : .insert(at: tokenStart)
    }

    // MARK: Tokenization

    /// One step of the tokenizer; a result ends the search.
    private mutating func take(_ byte: UInt8) -> Progress? {
        switch state {
        case .start, .byteOrderMark1, .byteOrderMark2: return takeByteOrderMark(byte)
        case .data: return takeData(byte)
        case .reference: return takeReference(byte)
        case .tagOpen: return takeTagOpen(byte)
        case .endTagOpen: return takeEndTagOpen(byte)
        case .markupDeclarationOpen, .commentOpenDash, .doctype: takeMarkupDeclaration(byte)
        case .doctypeRest, .bogusComment: if byte == UInt8(ascii: ">") { state = .data }
        case .commentStart, .commentStartDash, .comment, .commentEndDash, .commentEnd, .commentEndBang:
            state = state.inComment(byte)
        case .tagName where !byte.endsTagName: tagName.append(byte.asciiLowercased)
        case .tagName:
            // The name decides already, except for tags that have to be read to their end.
            if let progress = judgeTagName() { return progress }
            return takeInTag(byte)
        default: return takeInTag(byte)
        }
        return nil
    }

    /// A UTF-8 byte order mark is not part of the document (Encoding §4.1); one of UTF-16 overrides all declarations.
    private mutating func takeByteOrderMark(_ byte: UInt8) -> Progress? {
        switch (state, byte) {
        case (.start, 0xEF): state = .byteOrderMark1
        case (.start, 0xFE), (.start, 0xFF): return .skip(.notASCIICompatible)
        case (.byteOrderMark1, 0xBB): state = .byteOrderMark2
        case (.byteOrderMark2, 0xBF): state = .data
        case (.start, _):
            state = .data
            return takeData(byte)
        // Some other character at the very start: text.
        default: return beforeToken()
        }
        return nil
    }

    private mutating func takeData(_ byte: UInt8) -> Progress? {
        if byte.isHTMLWhitespace { return nil }
        tokenStart = offset
        switch byte {
        case UInt8(ascii: "<"): state = .tagOpen
        case UInt8(ascii: "&"):
            state = .reference
            reference = CharacterReference()
        default: return beforeToken()
        }
        return nil
    }

    /// `&#32;` is whitespace just as a space is; every other reference is text.
    private mutating func takeReference(_ byte: UInt8) -> Progress? {
        switch reference.take(byte) {
        case .needMore: return nil
        case .whitespace(let isByteUsed):
            state = .data
            return isByteUsed ? nil : takeData(byte)
        case .text: return beforeToken()
        }
    }

    private mutating func takeTagOpen(_ byte: UInt8) -> Progress? {
        switch byte {
        case UInt8(ascii: "!"): state = .markupDeclarationOpen
        case UInt8(ascii: "/"): state = .endTagOpen
        case UInt8(ascii: "?"): state = .bogusComment
        case _ where byte.isASCIILetter: openTag(byte, isEndTag: false)
        default: return beforeToken()  // a "<" that is text
        }
        return nil
    }

    private mutating func takeEndTagOpen(_ byte: UInt8) -> Progress? {
        switch byte {
        case UInt8(ascii: ">"): state = .data  // "</>" is nothing at all
        case _ where byte.isASCIILetter: openTag(byte, isEndTag: true)
        default: state = .bogusComment
        }
        return nil
    }

    private mutating func takeMarkupDeclaration(_ byte: UInt8) {
        switch (state, byte.asciiLowercased) {
        case (.markupDeclarationOpen, UInt8(ascii: "-")): state = .commentOpenDash
        case (.markupDeclarationOpen, UInt8(ascii: "d")):
            tagName = ShortName()
            tagName.append(UInt8(ascii: "d"))
            state = .doctype
        case (.commentOpenDash, UInt8(ascii: "-")): state = .commentStart
        case (.doctype, let letter) where letter.isASCIILetter && tagName.length < 7:
            tagName.append(letter)
            if tagName == .doctype {
                hasDocumentMarker = true
                state = .doctypeRest  // a ">" ends it even inside its quoted identifiers
            }
        case (_, UInt8(ascii: ">")): state = .data
        default: state = .bogusComment
        }
    }

    private mutating func openTag(_ byte: UInt8, isEndTag: Bool) {
        tagName = ShortName()
        tagName.append(byte.asciiLowercased)
        self.isEndTag = isEndTag
        state = .tagName
    }

    private mutating func takeInTag(_ byte: UInt8) -> Progress? {
        state = state.inTag(byte)
        guard state == .data, !isEndTag else { return nil }
        hasDocumentMarker = true
        return tagName == .head ? .insert(at: offset + 1) : nil
    }

    // MARK: Tree construction

    /// Whether the tag opens the head implicitly, by its name: start tags other than `html` and `head`, and the end
    /// tags that the insertion modes before the head do not ignore.
    private func judgeTagName() -> Progress? {
        if isEndTag {
            switch tagName {
            case .head, .body, .html, .br: return beforeToken()
            default: return nil
            }
        }
        // A feed that is sent as HTML is shown as a feed, by browsers that look for these at its start (WHATWG MIME
        // Sniffing §7.3). Anything before them would make it a page.
        if ShortName.feeds.contains(where: tagName.hasPrefix) { return .skip(.feed) }
        return tagName == .html || tagName == .head ? nil : beforeToken()
    }
}
