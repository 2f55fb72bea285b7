/// A cookie of an app that Tombolo keeps in custody and presents to the app on every domain of the group.
public struct AppCookie: Codable, Equatable, Sendable {
    /// The app that set it.
    public var app: String
    /// The cookie's name.
    public var name: String
    /// The cookie's value, as the app wrote it.
    public var value: String
    /// The path that it is for (RFC 6265 §5.1.4).
    public var path: String
    /// The `Domain` attribute; `nil`: host-only, and then shared with all domains of the app in custody.
    public var domain: String?
    /// Whether it is for secure transport only.
    public var isSecure: Bool
    /// When it ends; `nil`: with the session.
    public var expires: Timestamp?
    /// When the app set it.
    public var setAt: Timestamp

    /// A cookie of its parts.
    public init(
        app: String, name: String, value: String, path: String = "/", domain: String? = nil, isSecure: Bool = false,
        expires: Timestamp? = nil, setAt: Timestamp
    ) {
        self.app = app
        self.name = name
        self.value = value
        self.path = path
        self.domain = domain
        self.isSecure = isSecure
        self.expires = expires
        self.setAt = setAt
    }

    /// The app and the name.
    public var key: CookieKey { CookieKey(app: app, name: name) }
}

/// What custody goes by: an app and one of its cookie names.
public struct CookieKey: Codable, Hashable, Sendable {
    /// The app.
    public var app: String
    /// The cookie's name.
    public var name: String

    /// A key of its parts.
    public init(app: String, name: String) {
        self.app = app
        self.name = name
    }
}
