internal import CAssets
internal import Configuration
internal import Crypto
internal import FoundationEssentials

/// `/crossdomain/loader.js`: the script that every page of the group gets, called with the group's settings.
extension SessionGroup {
    /// The SHA-256 digest of the loader as this domain serves it, in base64: for `integrity` (W3C Subresource Integrity)
    /// and for hash sources of policies (CSP3 §2.3.1). Other settings of the group make another loader.
    public func loaderDigest(for member: Member) -> String {
        Data(SHA256.hash(data: Data(loader(for: member).body.utf8))).base64EncodedString()
    }

    /// Where the loader compares sessions: the primary's endpoint, reached the way `member` is.
    public func primaryEndpoint(for member: Member) -> String {
        member.site.sibling(settings.primary).origin + Endpoint.root
    }

    func loader(for member: Member) -> Answer {
        Answer(
            status: 200,
            fields: [
                ("Content-Type", "text/javascript; charset=utf-8"), ("X-Content-Type-Options", "nosniff"),
                // The same for every visitor; a changed setting is everywhere within minutes.
                ("Cache-Control", "public, max-age=300"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ], body: "\(Self.loaderSource)(\(loaderSettings(for: member)));\n", isCacheable: true)
    }

    private func loaderSettings(for member: Member) -> String {
        let siblings = settings.domains.map(\.pattern.description).filter { $0 != member.site.host }
        let canShake = settings.handshake != .off
        let members: [(String, String)] = [
            ("endpoint", JSONText.quoted(Endpoint.root)),
            ("interval", String(settings.checkInterval)),
            ("fetch", String(settings.fetch)),
            ("handshake", String(canShake)),
            ("links", String(settings.links)),
            ("siblings", "[" + siblings.map(JSONText.quoted).joined(separator: ",") + "]"),
            ("parameter", JSONText.quoted(settings.ticketParameter)),
            ("ticketLifetime", String(settings.ticketLifetime)),
            ("reload", JSONText.quoted(settings.reload.rawValue)),
            ("consent", settings.consentCookie.map(JSONText.quoted) ?? "null"),
            ("due", JSONText.quoted(member.cookies.dueName)),
        ]
        return "{" + members.map { "\(JSONText.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static let loaderSource: String = {
        let asset = tombolo_asset_loader()
        var source = String(decoding: UnsafeBufferPointer(start: asset.bytes, count: asset.count), as: UTF8.self)
        while source.last?.isNewline == true { source.removeLast() }
        return source
    }()
}
