extension Group {
    /// One entry of `login`: how Tombolo learns that the app has a user.
    public enum LoginSignal: Sendable, Equatable {
        /// Flask's signed session cookie.
        ///
        /// - Parameters:
        ///   - cookie: the name of the app's session cookie.
        ///   - secrets: what the app calls `SECRET_KEY`; several while it is being rotated. Never empty.
        ///   - userKey: the key of the user in the session. Default: `_user_id`, as Flask-Login has it.
        case flask(cookie: String, secrets: [Configuration.Secret], userKey: String)
        /// The response header ``HeaderNames/user``, which works without being listed, too.
        case header
    }
}

extension Configuration {
    /// Bytes that must not be shown. Neither its description nor its reflection tells them.
    public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
    {
        /// The secret itself.
        public let bytes: [UInt8]
        /// Where it came from, for messages: `environment variable X` or `file /path`.
        public let source: String

        /// Wraps `bytes`.
        public init(bytes: [UInt8], source: String = "") {
            self.bytes = bytes
            self.source = source
        }

        /// Equal bytes; where they came from does not matter.
        public static func == (a: Secret, b: Secret) -> Bool { a.bytes == b.bytes }

        public var description: String { "(secret)" }
        public var debugDescription: String { "(secret)" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}
