extension Group {
    /// `[group.headers]`: the names of the header fields between Tombolo and the apps.
    ///
    /// Each is a token (RFC 9110 §5.1) with a `-` in it, is no standard name, and differs from the others even if
    /// case, `_` and `.` are folded.
    public struct HeaderNames: Sendable, Equatable {
        /// To the app: the session id. Default: `X-Session-Id`.
        public var sessionID: String
        /// To the app: `1` on the first request of a session. Default: `X-Session-New`.
        public var new: String
        /// Both ways: the user; an app binds one with it, or logs out with an empty value. Default: `X-Session-User`.
        public var user: String
        /// To the app: the id of a session that was merged into this one. Default: `X-Session-Merged-From`.
        public var mergedFrom: String
        /// From the app: it has seen the merge. Default: `X-Session-Merge-Ack`.
        public var mergeAck: String
        /// From the app: `off` keeps the loader out of this response. Default: `X-Session-Inject`.
        public var inject: String

        /// Creates the section; the defaults are the documented ones.
        public init(
            sessionID: String = "X-Session-Id", new: String = "X-Session-New", user: String = "X-Session-User",
            mergedFrom: String = "X-Session-Merged-From", mergeAck: String = "X-Session-Merge-Ack",
            inject: String = "X-Session-Inject"
        ) {
            self.sessionID = sessionID
            self.new = new
            self.user = user
            self.mergedFrom = mergedFrom
            self.mergeAck = mergeAck
            self.inject = inject
        }

        /// All six names, in the order above: what has to be removed from every request.
        public var all: [String] { [sessionID, new, user, mergedFrom, mergeAck, inject] }
    }
}
