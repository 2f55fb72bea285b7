/// What becomes of a page's policies, so that the loader can run under them.
public enum Adaptation: Equatable, Sendable {
    /// The policies stay as they are, byte for byte.
    case unchanged(TagAttributes)
    /// The field lines' values are replaced by these: as many, in the same order; lines that need no change are the same
    /// byte for byte.
    case rewritten([[UInt8]], TagAttributes)
    /// The page gets no tag, and its policies stay as they are.
    case blocked(Obstacle)

    /// Why a page is left without a tag.
    public enum Obstacle: String, Equatable, Sendable, CaseIterable {
        /// `sandbox` without `allow-scripts` or without `allow-same-origin`.
        case sandboxed
        /// A policy would have to name the page's own host, but CSP cannot: an IP address, or a name with `_`.
        case unnameableHost
        /// The policies are longer than ``LoaderPolicy/limit``, or would become so.
        case tooLong
    }
}

/// What the loader's tag needs besides its `src`. Only ``LoaderPolicy`` makes one, from values that it has checked, so
/// that nothing of what an upstream sends can end an attribute.
public struct TagAttributes: Equatable, Sendable {
    /// A nonce of the page's own: letters, digits, `+`, `/`, `-`, `_`, `=` only.
    public internal(set) var nonce: String?
    /// The loader's hash as a value of `integrity` (W3C SRI §3.1).
    public internal(set) var integrity: String?

    /// The attributes as HTML, each after a space; empty where there are none. With `integrity` comes
    /// `crossorigin="anonymous"`: `Integrity-Policy` counts hashes of CORS requests only (W3C SRI §3.8). On the page's own
    /// origin it changes nothing else, cookies go along as before.
    public var html: String {
        let nonce = nonce.map { " nonce=\"\($0)\"" } ?? ""
        return integrity.map { "\(nonce) integrity=\"\($0)\" crossorigin=\"anonymous\"" } ?? nonce
    }
}
