internal import HTTPWire
internal import NIOCore

/// A copy of a page that the browser holds, as its conditional request names it.
struct HeldCopy {
    /// The tag that the app gave it; nil if it gave only a date.
    let original: EntityTag?
    /// The tag that we gave it, and that the browser knows it by.
    let marked: EntityTag
}

/// Conditional requests (RFC 9110 §13) for pages that have the loader in them.
///
/// The app is asked with its own validators. A copy without the loader, from before Tombolo or from while injection was
/// off, is never validated: the page would go on without the loader for as long as it does not change.
enum Preconditions {
    /// Puts the app's own tags for ours in `If-None-Match`, and takes out conditions about copies without the loader if
    /// the request is for a page. Returns the copies that the app is asked about.
    static func translate(_ x: Exchange, mark: InjectionMark, isPage: Bool) -> [HeldCopy] {
        let hasTags = x.requestHead.first(.ifNoneMatch) != nil
        let hasDate = x.requestHead.first(.ifModifiedSince) != nil
        guard hasTags || hasDate, let tags = tags(.ifNoneMatch, x.requestHead) else { return [] }
        var copies: [HeldCopy] = []
        for tag in tags {
            switch mark.meaning(of: tag) {
            case .foreign: continue
            case .appTag(let original): copies.append(HeldCopy(original: original, marked: tag))
            case .appDate: if hasDate { copies.append(HeldCopy(original: nil, marked: tag)) }
            }
        }
        if copies.isEmpty, !isPage { return [] }
        x.requestHead.removeAll(.ifNoneMatch)
        let originals = copies.compactMap(\.original)
        if !originals.isEmpty { write(originals, "If-None-Match: ", x) }
        if copies.isEmpty { x.requestHead.removeAll(.ifModifiedSince) }
        return copies
    }

    /// Puts the app's own tags for ours in `If-Match`: what was edited is what the app had sent.
    static func translateIfMatch(_ x: Exchange, mark: InjectionMark) {
        guard x.requestHead.first(.ifMatch) != nil, let tags = tags(.ifMatch, x.requestHead) else { return }
        var isTranslated = false
        let originals = tags.map { tag -> EntityTag in
            guard case .appTag(let original) = mark.meaning(of: tag) else { return tag }
            isTranslated = true
            return original
        }
        guard isTranslated else { return }
        x.requestHead.removeAll(.ifMatch)
        write(originals, "If-Match: ", x)
    }

    /// A date in `If-Range` is one that a page with the loader may have, too: a range of the app's own would be put
    /// together with it. Such a page is sent whole.
    static func dropRange(_ x: Exchange) {
        guard x.requestHead.first(.range) != nil, let condition = x.requestHead.first(.ifRange) else { return }
        let isStrongTag = x.requestHead.withValue(of: condition) { EntityTag($0)?.isWeak == false }
        if isStrongTag { return }
        x.requestHead.removeAll(.range)
        x.requestHead.removeAll(.ifRange)
    }

    /// All tags of a field's lines; nil for `*`.
    private static func tags(_ name: FieldName, _ head: RequestHead) -> [EntityTag]? {
        var all: [EntityTag] = []
        for field in head.fields where field.known == name && !field.isRemoved {
            guard let tags = head.withValue(of: field, { EntityTag.list($0) }) else { return nil }
            all += tags
        }
        return all
    }

    private static func write(_ tags: [EntityTag], _ name: StaticString, _ x: Exchange) {
        x.requestLines.writeStaticString(name)
        for (index, tag) in tags.enumerated() {
            if index > 0 { x.requestLines.writeStaticString(", ") }
            x.requestLines.writeBytes(tag.text)
        }
        x.requestLines.writeStaticString("\r\n")
    }
}
