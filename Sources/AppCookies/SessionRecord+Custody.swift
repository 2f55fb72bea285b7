public import Sessions

extension SessionRecord {
    /// The record's cookies and deleted cookies as a jar, with the default bounds.
    public var custody: CustodyJar {
        get { CustodyJar(cookies: cookies, deletedCookies: deletedCookies) }
        set {
            cookies = newValue.cookies
            deletedCookies = newValue.deletedCookies
        }
    }
}
