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
            case .secFetchSite: fetch.site = word(field, head)
            case .secFetchMode: fetch.mode = word(field, head)
            case .secFetchDest: fetch.dest = word(field, head)
            case .secFetchStorageAccess: fetch.storageAccess = word(field, head)
            case .secPurpose: fetch.isSpeculative = true
            case .purpose: if head.equals(field, "prefetch") { fetch.isSpeculative = true }
            case .secCHUA: fetch.hasClientHints = true
            case .secGPC: if head.equals(field, "1") { fetch.optsOut = true }
            default: continue
            }
        }
        return fetch
    }

    /// The words that matter as literals, so that the usual request allocates nothing for them.
    private static func word(_ field: Field, _ head: RequestHead) -> String {
        if head.equals(field, "navigate") { return "navigate" }
        if head.equals(field, "document") { return "document" }
        if head.equals(field, "same-origin") { return "same-origin" }
        if head.equals(field, "cross-site") { return "cross-site" }
        if head.equals(field, "none") { return "none" }
        if head.equals(field, "empty") { return "empty" }
        if head.equals(field, "no-cors") { return "no-cors" }
        if head.equals(field, "cors") { return "cors" }
        return head.string(field.value)
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
        return Visit(
            site: context.member.site, method: head.string(head.method),
            target: context.target ?? Self.target(head), fetch: context.fetch, cookies: context.cookies.own,
            origin: head.string(.origin), referer: head.string(.referer), acceptsPage: context.isPage)
    }

    /// Path and query of the request.
    static func target(_ head: RequestHead) -> String {
        guard head.isAbsoluteForm else { return head.string(head.target) }
        let path = head.path.isEmpty ? "/" : head.string(head.path)
        return head.query.map { "\(path)?\(head.string($0))" } ?? path
    }
}
