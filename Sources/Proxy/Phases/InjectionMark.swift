internal import HTTPWire

/// The mark in an entity tag that says: the copy that goes by this tag has the loader in it.
///
/// A page with the loader is another representation than the app's own, so it needs another tag (RFC 9110 §8.8.3); and
/// when its copy is to be validated the app must be asked with the tag that the app gave. The app's tag is therefore kept
/// whole inside ours, with a suffix that says what it was:
///
///     "abc"    →  W/"abc-tombolo-s"      strong
///     W/"abc"  →  W/"abc-tombolo-w"      weak
///     none     →  W/"DATE-tombolo-d"     there was only a Last-Modified
///
/// Ours is always weak: the loader's tag may change without the app's page doing so, and a range of one must never be
/// put together with a range of the other (RFC 9110 §13.1.5 wants a strong one for that). A page in which the loader goes
/// by its digest (`integrity`) is good for that loader only, so the beginning of the digest ends its suffix.
struct InjectionMark {
    /// What a tag says of the copy that goes by it.
    enum Meaning: Equatable {
        /// Not ours, or of another loader: the copy has not the loader in it that it should have.
        case foreign
        /// The app gave this tag.
        case appTag(EntityTag)
        /// The app gave a date only, which `If-Modified-Since` repeats.
        case appDate
    }

    /// The beginning of the loader's digest; asked for only where a page is good for one loader alone.
    let loader: () -> String

    /// Our tag for a page to which the app gave `tag`.
    func marked(_ tag: EntityTag, isPinned: Bool) -> EntityTag {
        EntityTag(isWeak: true, opaque: tag.opaque + suffix(tag.isWeak ? Self.weak : Self.strong, isPinned))
    }

    /// Our tag for a page to which the app gave a `Last-Modified` only. Caches that have a tag compare nothing else, so
    /// it changes with the date.
    func marked(lastModified date: some Sequence<UInt8>, isPinned: Bool) -> EntityTag {
        let kept = date.map { Self.isAlphanumeric($0) ? $0 : UInt8(ascii: "-") }
        return EntityTag(isWeak: true, opaque: kept + suffix(Self.dated, isPinned))
    }

    /// What `tag`, as a browser sends it back, says of the browser's copy.
    func meaning(of tag: EntityTag) -> Meaning {
        let opaque = tag.opaque
        guard tag.isWeak, let start = opaque.lastRange(of: Self.beginning), let kind = opaque[start.upperBound...].first
        else { return .foreign }
        let pin = opaque[(start.upperBound + 1)...]
        guard pin.isEmpty || pin.elementsEqual("-\(loader())".utf8) else { return .foreign }
        let original = Array(opaque[..<start.lowerBound])
        return switch kind {
        case Self.strong: .appTag(EntityTag(isWeak: false, opaque: original))
        case Self.weak: .appTag(EntityTag(isWeak: true, opaque: original))
        case Self.dated: .appDate
        default: .foreign
        }
    }

    private static let beginning = Array("-tombolo-".utf8)
    private static let strong = UInt8(ascii: "s")
    private static let weak = UInt8(ascii: "w")
    private static let dated = UInt8(ascii: "d")

    private func suffix(_ kind: UInt8, _ isPinned: Bool) -> [UInt8] {
        Self.beginning + [kind] + (isPinned ? Array("-\(loader())".utf8) : [])
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
    }
}

extension [UInt8] {
    /// Where `pattern` is found for the last time.
    fileprivate func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        guard count >= pattern.count else { return nil }
        for start in stride(from: count - pattern.count, through: 0, by: -1)
        where self[start..<(start + pattern.count)].elementsEqual(pattern) {
            return start..<(start + pattern.count)
        }
        return nil
    }
}
