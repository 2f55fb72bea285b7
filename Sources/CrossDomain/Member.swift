public import Configuration
internal import Sessions

/// A domain of the group as one browser addresses it.
public final class Member: Sendable {
    /// Scheme, host and port.
    public let site: Site
    /// `Domain=` of the session cookie; nil for host-only.
    public let cookieDomain: String?
    /// Whether it is the group's primary.
    public let isPrimary: Bool
    /// Our cookies there.
    public let cookies: SessionCookies

    /// A domain of `group`, reached at `site`.
    public init(_ site: Site, cookieDomain: String?, in group: Group) {
        self.site = site
        self.cookieDomain = cookieDomain
        isPrimary = site.host == group.primary
        let isSecure =
            switch group.cookie.secure {
            case .auto: site.scheme == "https"
            case .always: true
            case .never: false
            }
        cookies = SessionCookies(base: group.cookie.name, domain: cookieDomain, isSecure: isSecure)
    }

    /// What a handle is bound to: the host, or the cookie domain that several hosts share. The check cookie is host-only.
    func scope(of purpose: HandlePurpose) -> String {
        switch purpose {
        case .session: cookieDomain ?? site.host
        case .crossSiteCheck: site.host
        }
    }
}
