extension Visit {
    /// The fetch metadata a browser sends (W3C Fetch Metadata, Storage Access API headers); empty for other clients.
    ///
    /// Words that make no difference here are `.other`.
    public struct FetchMetadata: Equatable, Sendable {
        /// Where a request comes from, seen from where it goes to.
        public enum Site: String, Sendable, CaseIterable {
            /// Typed, or from a bookmark.
            case user = "none"
            case sameOrigin = "same-origin"
            case sameSite = "same-site"
            case crossSite = "cross-site"
            case other
        }

        /// What kind of request it is.
        public enum Mode: String, Sendable, CaseIterable {
            case navigate, other
        }

        /// What the answer is for.
        public enum Destination: String, Sendable, CaseIterable {
            case document, iframe, frame, embed, object, empty, other
        }

        /// `Sec-Fetch-Site`; nil if the client does not say.
        public var site: Site?
        /// `Sec-Fetch-Mode`.
        public var mode: Mode?
        /// `Sec-Fetch-Dest`.
        public var dest: Destination?
        /// Whether `Sec-Purpose` or `Purpose` announces a prefetch or prerender.
        public var isSpeculative = false
        /// Whether `Sec-Fetch-Storage-Access` says `active`: cookies of this site travel with the request.
        public var hasStorageAccess = false
        /// Whether `Sec-CH-UA` is there: a Chromium, which says by itself whether cookies travel.
        public var hasClientHints = false
        /// `Sec-GPC: 1`: the visitor does not want to be recognised across domains.
        public var optsOut = false

        /// No metadata at all.
        public init() {}

        /// A page load in the address bar's own browsing context that is really shown.
        public var isDocumentNavigation: Bool { mode == .navigate && dest == .document && !isSpeculative }

        /// Whether this loads a page: by the metadata where there is any, else by what the client accepts.
        public func isPage(acceptsPage: @autoclosure () -> Bool) -> Bool {
            if mode != nil || dest != nil { return isDocumentNavigation }
            return !isSpeculative && acceptsPage()
        }

        /// Whether what is loaded may be shown as a page, now or, if it is fetched ahead, later.
        public func mayBecomePage(acceptsPage: @autoclosure () -> Bool) -> Bool {
            dest.map { $0 == .document } ?? acceptsPage()
        }

        /// Whether the address may be that of a page: all but what is loaded as a part of one, such as an image.
        public var mayConcernPage: Bool { dest != .other }
    }
}
