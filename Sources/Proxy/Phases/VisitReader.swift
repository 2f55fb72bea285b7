internal import CrossDomain
internal import HTTPWire
internal import NIOCore

/// Reads from a request's head what the ladder needs.
enum VisitReader {
    /// Fetch metadata; reads only the fields that are there.
    static func fetchMetadata(_ head: RequestHead) -> Visit.FetchMetadata {
        var fetch = Visit.FetchMetadata()
        for field in head.fields where !field.isRemoved {
            switch field.known {
            case .secFetchSite: fetch.site = word(field, head) ?? .other
            case .secFetchMode: fetch.mode = word(field, head) ?? .other
            case .secFetchDest: fetch.dest = word(field, head) ?? .other
            case .secFetchStorageAccess: fetch.hasStorageAccess = head.string(field.value) == "active"
            case .secPurpose: fetch.isSpeculative = true
            case .purpose: if head.equals(field, "prefetch") { fetch.isSpeculative = true }
            case .secCHUA: fetch.hasClientHints = true
            case .secGPC: if head.equals(field, "1") { fetch.optsOut = true }
            default: continue
            }
        }
        return fetch
    }

    /// The case whose word the field's value is; nil for any other. Browsers write these words in lower case.
    private static func word<Word: CaseIterable & RawRepresentable<String>>(
        _ field: Field, _ head: RequestHead
    ) -> Word? {
        head.withValue(of: field) { value in
            Word.allCases.first { word in
                var word = word.rawValue
                return word.withUTF8 { $0.elementsEqual(value) }
            }
        }
    }

    /// Whether a client without fetch metadata asks for a page.
    static func acceptsPage(_ head: RequestHead) -> Bool {
        guard head.knownMethod == .get || head.knownMethod == .post, head.first(.xRequestedWith) == nil else {
            return false
        }
        return ErrorPages.prefersHTML(head)
    }

    /// The whole visit, for the few requests that need it.
    static func visit(_ x: Exchange, _ context: RequestContext) -> Visit {
        let head = x.requestHead
        var cookies = context.cookies.own
        if context.hasTried { cookies.hasTried = true }
        return Visit(
            site: context.member.site, method: head.string(head.method),
            target: context.target ?? Self.target(head), fetch: context.fetch, cookies: cookies,
            origin: head.string(.origin), referer: head.string(.referer), acceptsPage: context.isPage)
    }

    /// Path and query of the request.
    static func target(_ head: RequestHead) -> String {
        guard head.isAbsoluteForm else { return head.string(head.target) }
        let path = head.path.isEmpty ? "/" : head.string(head.path)
        return head.query.map { "\(path)?\(head.string($0))" } ?? path
    }
}
