internal import ContentPolicy
internal import CrossDomain
internal import HTTPWire
internal import NIOCore

/// How the loader goes into one page: the tag, and what the page's head has to say differently for it.
struct LoaderPlan {
    /// The tag to insert.
    let tag: ByteBuffer
    /// Whether the tag names the loader's digest, so that the page is good for that loader only.
    let isPinned: Bool

    /// The page's policies as they have to be for the loader to run; nil where they stay.
    private let policies: [[UInt8]]?

    /// The plan for a page with this head; nil if its policies leave the loader nothing that it could do.
    init?(_ x: Exchange, _ context: RequestContext) {
        let lines = x.responseHead.values(of: .contentSecurityPolicy)
        let needsIntegrity = LoaderPolicy.requiresIntegrity(x.responseHead.values(foldingTo: Self.integrityPolicy))
        guard !lines.isEmpty || needsIntegrity else {
            self.init(tag: context.isGET ? LoaderTag.page : LoaderTag.answerToForm, isPinned: false, policies: nil)
            return
        }
        switch context.domain.policy?.adapt(lines, needsIntegrity: needsIntegrity) {
        case .unchanged(let attributes)?: self.init(attributes, policies: nil, isGET: context.isGET)
        case .rewritten(let changed, let attributes)?: self.init(attributes, policies: changed, isGET: context.isGET)
        case .blocked?, nil: return nil
        }
    }

    private init(_ attributes: TagAttributes, policies: [[UInt8]]?, isGET: Bool) {
        self.init(
            tag: LoaderTag.tag(attributes.html, isGET: isGET), isPinned: attributes.integrity != nil,
            policies: policies)
    }

    private init(tag: ByteBuffer, isPinned: Bool, policies: [[UInt8]]?) {
        self.tag = tag
        self.isPinned = isPinned
        self.policies = policies
    }

    private static let integrityPolicy = FoldedName("Integrity-Policy")

    /// The changed body has other digests, and other ranges than those the upstream would serve.
    private static let ofTheAppsBytes: [FieldName] = [.contentMD5, .digest, .contentDigest, .reprDigest, .acceptRanges]

    /// Makes the head that of the page with the loader.
    func apply(_ x: Exchange, _ context: RequestContext) {
        for name in Self.ofTheAppsBytes { x.responseHead.removeAll(name) }
        markValidator(x, context.domain.mark)
        writePolicies(x)
        Self.vary(x)
    }

    /// Makes the head of a 304 that of a copy with the loader, which is updated by it (RFC 9111 §4.3.4).
    func applyToHeldCopy(_ x: Exchange, _ context: RequestContext) {
        let copies = context.heldCopies
        let given = entityTag(x)
        let copy =
            copies.first { copy in given.map { copy.original?.isEquivalent(to: $0) == true } ?? (copy.original == nil) }
            ?? (copies.count == 1 ? copies.first : nil)
        for name in Self.ofTheAppsBytes { x.responseHead.removeAll(name) }
        x.responseHead.removeAll(.contentLength)
        x.responseHead.removeAll(.etag)
        if let copy { Self.write(copy.marked, x) }
        writePolicies(x)
        Self.vary(x)
    }

    private func writePolicies(_ x: Exchange) {
        guard let policies else { return }
        x.responseHead.removeAll(.contentSecurityPolicy)
        for policy in policies {
            x.responseLines.writeStaticString("Content-Security-Policy: ")
            x.responseLines.writeBytes(policy)
            x.responseLines.writeStaticString("\r\n")
        }
    }

    /// Tells caches that other kinds of requests get this address without the loader.
    static func vary(_ x: Exchange) {
        guard x.responseHead.first(.vary) != nil else {
            x.responseLines.writeStaticString("Vary: Sec-Fetch-Dest, X-Requested-With\r\n")
            return
        }
        if x.responseHead.list(.vary, contains: "*") { return }
        for (name, folded) in deciding where !x.responseHead.list(.vary, contains: folded) {
            x.responseLines.writeLine("Vary", name)
        }
    }

    /// The request fields by which it is decided whether the loader goes in.
    private static let deciding: [(name: String, folded: StaticString)] = [
        ("Sec-Fetch-Dest", "sec-fetch-dest"), ("X-Requested-With", "x-requested-with"),
    ]

    // MARK: validators

    private func markValidator(_ x: Exchange, _ mark: InjectionMark) {
        let given = entityTag(x)
        x.responseHead.removeAll(.etag)
        if let given {
            Self.write(mark.marked(given, isPinned: isPinned), x)
        } else if let date = x.responseHead.first(.lastModified) {
            let marked = x.responseHead.withValue(of: date) { mark.marked(lastModified: $0, isPinned: isPinned) }
            Self.write(marked, x)
        }
    }

    /// The app's entity tag; nil if there is none that can be read.
    private func entityTag(_ x: Exchange) -> EntityTag? {
        guard x.responseHead.count(.etag) == 1, let field = x.responseHead.first(.etag) else { return nil }
        return x.responseHead.withValue(of: field) { EntityTag($0) }
    }

    private static func write(_ tag: EntityTag, _ x: Exchange) {
        x.responseLines.writeStaticString("ETag: ")
        x.responseLines.writeBytes(tag.text)
        x.responseLines.writeStaticString("\r\n")
    }
}

/// The tag says nothing of the visitor, so that pages stay cacheable and no secret meets a compressor.
enum LoaderTag {
    static let page = tag("", isGET: true)
    static let answerToForm = tag("", isGET: false)

    /// The tag with attributes that the page's policies ask for, each after a space. A page that answers a form must not be
    /// loaded again by script.
    static func tag(_ attributes: String, isGET: Bool) -> ByteBuffer {
        let reload = isGET ? "" : " data-reload=\"never\""
        return ByteBuffer(string: "<script src=\"\(Endpoint.loader.rawValue)\" async\(reload)\(attributes)></script>")
    }
}

extension MessageHead {
    /// The values of all lines of a field.
    fileprivate func values(of name: FieldName) -> [[UInt8]] {
        values { $0.known == name }
    }

    fileprivate func values(foldingTo name: FoldedName) -> [[UInt8]] {
        values { $0.name.count == name.bytes.count && foldsTo($0, name) }
    }

    private func values(_ isWanted: (Field) -> Bool) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for field in fields where !field.isRemoved && isWanted(field) {
            values.append(withValue(of: field) { Array($0) })
        }
        return values
    }
}
