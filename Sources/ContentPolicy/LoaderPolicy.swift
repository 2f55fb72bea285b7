/// What the loader needs of a page's `Content-Security-Policy` (W3C CSP Level 3), and how a policy that forbids it is
/// changed: by the least that lets the loader run, and so that the page's own scripts fare exactly as before.
///
/// The loader is an external script that the parser inserts; it fetches from the page's own origin and from the primary
/// domain. Made once per domain and scheme.
///
/// In every policy for itself:
/// 1. A list that allows the loader's address stays.
/// 2. Else a nonce of the list goes onto the tag, and the list stays.
/// 3. Else a list with `'strict-dynamic'` gains the loader's hash, and the tag an `integrity`. In such a list hashes
///    switch nothing off: `'unsafe-inline'` has no effect on scripts there anyway (CSP3 §6.7.3.2).
/// 4. Else the list gains the loader's exact address. Neither nonce nor hash: both would switch an `'unsafe-inline'` off
///    with which the page's own scripts run, and a page with `integrity` in a cache goes stale with the next loader.
///
/// `connect-src` gains the exact addresses that the loader fetches from, where they are not allowed already. `base-uri`
/// needs nothing (the tag comes before any `<base>`), nor do `require-trusted-types-for`, `form-action` and the rest.
public struct LoaderPolicy: Sendable {
    /// How many bytes of policies are looked at, and made: all lines together. More would not pass the header limits of
    /// most servers; whoever sends more gets the page as it is, without a tag that might be refused with a report.
    public static let limit = 65_536

    private let origin: SourceURL
    private let loader: SourceURL
    private let endpoint: SourceURL
    private let primary: SourceURL?
    private let hash: String

    /// - Parameters:
    ///   - origin: the page's origin as its browser sees it: `https://shop.example:8443`.
    ///   - loaderPath: the path of the tag's `src`. Letters, digits, `/`, `.`, `-`, `_` and `~`, as for all paths here.
    ///   - endpointPath: the path on the page's own origin that the loader fetches from.
    ///   - primaryEndpoint: the absolute address on the primary that it fetches from; nil where there is none.
    ///   - loaderHash: the loader's SRI hash, `sha256-` and base64.
    ///
    /// Nil where an address is not an `http` or `https` one of these characters, or the hash is no hash.
    public init?(
        origin: String, loaderPath: String = "/crossdomain/loader.js", endpointPath: String = "/crossdomain",
        primaryEndpoint: String?, loaderHash: String
    ) {
        guard let page = SourceURL(origin), page.segments.isEmpty, let loader = SourceURL(origin + loaderPath),
            let endpoint = SourceURL(origin + endpointPath), loaderHash.hasPrefix("sha256-"),
            loaderHash.utf8.dropFirst(7).isBase64Value
        else { return nil }
        (self.origin, self.loader, self.endpoint, hash) = (page, loader, endpoint, loaderHash)
        guard let primaryEndpoint else {
            primary = nil
            return
        }
        guard let primary = SourceURL(primaryEndpoint) else { return nil }
        self.primary = primary
    }

    /// Decides what becomes of a page's policies. Linear in their length.
    ///
    /// - Parameters:
    ///   - lines: the values of all `Content-Security-Policy` field lines, in order; not of `-Report-Only`.
    ///   - needsIntegrity: the tag needs `integrity` whatever these say, as ``requiresIntegrity(_:)`` found.
    public func adapt(_ lines: [[UInt8]], needsIntegrity: Bool = false) -> Adaptation {
        var attributes = TagAttributes(nonce: nil, integrity: needsIntegrity ? hash : nil)
        if lines.isEmpty { return .unchanged(attributes) }
        guard Self.isWithinLimit(lines) else { return .blocked(.tooLong) }
        let policies = lines.map(Policy.list)
        guard !policies.joined().contains(where: \.isSandboxedAway) else { return .blocked(.sandboxed) }

        let nonce = commonNonce(of: policies)
        attributes.nonce = nonce.map { String(decoding: $0, as: UTF8.self) }
        var changes: [[PolicyEdits]] = []
        for line in policies {
            var edits: [PolicyEdits] = []
            for policy in line {
                guard let edit = adapt(policy, nonce: nonce, &attributes) else { return .blocked(.unnameableHost) }
                edits.append(edit)
            }
            changes.append(edits)
        }
        let adapted = zip(lines, changes).map(Self.applied)
        if adapted == lines { return .unchanged(attributes) }
        return Self.isWithinLimit(adapted) ? .rewritten(adapted, attributes) : .blocked(.tooLong)
    }

    /// The changes to one policy, of which there may be none; nil where it would have to name a host that has no name.
    private func adapt(_ policy: Policy, nonce: Bytes?, _ attributes: inout TagAttributes) -> PolicyEdits? {
        var edits = PolicyEdits(policy)
        if let (directive, list) = refusal(of: policy), !list.nonces.contains(where: { $0 == nonce }) {
            if list.isStrictDynamic {
                let source = Array("'\(hash)'".utf8)
                attributes.integrity = hash
                edits.allow(list.contains(source) ? [] : [source], in: directive, otherwiseNamed: .scriptSource)
            } else {
                guard loader.isExpressible else { return nil }
                edits.allow([loader.expression], in: directive, otherwiseNamed: .scriptSource)
            }
        }
        if let directive = policy.connectDirective {
            let list = SourceList(directive)
            let missing = [endpoint, primary].compactMap { $0 }.filter { !list.allows($0, from: origin) }
            // A loader that cannot fetch does no harm: the handshake needs no fetch.
            edits.allow(
                missing.filter(\.isExpressible).map(\.expression), in: directive, otherwiseNamed: .connectSource)
        }
        return edits
    }

    /// The list that keeps the loader's tag from running, if it has no further attributes.
    private func refusal(of policy: Policy) -> (directive: Directive, list: SourceList)? {
        guard let directive = policy.scriptDirective else { return nil }
        let list = SourceList(directive)
        return !list.isStrictDynamic && list.allows(loader, from: origin) ? nil : (directive, list)
    }

    /// The nonce that satisfies the most of the policies that refuse the loader; the first of several.
    private func commonNonce(of policies: [[Policy]]) -> Bytes? {
        let candidates = policies.joined().compactMap { refusal(of: $0)?.list.nonces }
        guard candidates.count > 1 else { return candidates.first?.first }
        var votes: [Bytes: Int] = [:]
        for nonces in candidates { for nonce in Set(nonces) { votes[nonce, default: 0] += 1 } }
        let most = votes.values.max()
        return candidates.joined().first { votes[$0] == most }
    }

    private static func applied(_ line: [UInt8], _ edits: [PolicyEdits]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        for edit in edits { edit.apply(to: line, from: &position, into: &result) }
        return result + line[position...]
    }

    private static func isWithinLimit(_ lines: [[UInt8]]) -> Bool { lines.reduce(0) { $0 + $1.count } <= limit }
}
