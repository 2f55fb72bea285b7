/// What an app's own cookie says about its user.
public enum LoginState: Equatable, Sendable {
    /// The app has this user.
    case user(String)
    /// The cookie is authentic and names no user.
    case anonymous
    /// The cookie says nothing: the app will not accept it either, or it is not what the configuration says it is.
    case unreadable(Unreadable)

    /// Why a cookie says nothing.
    public enum Unreadable: String, Equatable, Sendable, CaseIterable {
        /// Not in the format at all.
        case malformed
        /// Not signed with any of the keys.
        case badSignature
        /// Older than the app allows.
        case expired
        /// Signed in the future.
        case fromFuture
        /// The compressed payload is damaged.
        case badCompression
        /// The payload is larger than is looked at.
        case tooLarge
        /// The payload is not the JSON object that it should be.
        case badJSON
        /// The user is of a type that has no plain text, or its text cannot stand in a header field.
        case unsupportedUser
    }
}
