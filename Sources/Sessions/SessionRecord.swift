/// The stored part of a session. A session without anything to store has none.
public struct SessionRecord: Equatable, Sendable {
    /// A forwarding mark: this session lost to another, and whoever holds a handle to it arrives there.
    public struct Forward: Codable, Equatable, Sendable {
        /// The session that won.
        public var to: SessionID
        /// The winner's epoch at the time. Once the winner is at a later one (a login), the mark leads nowhere.
        public var winnerEpoch: UInt32
        /// When it was left.
        public var at: Timestamp
        /// The user whom the loser was bound to. Who follows the mark was that user and must not become another by it.
        public var user: String?
        /// The app whose user that was: two apps may mean two people by one name.
        public var userApp: String?

        /// A mark of its parts.
        public init(to: SessionID, winnerEpoch: UInt32, at: Timestamp, user: String? = nil, userApp: String? = nil) {
            self.to = to
            self.winnerEpoch = winnerEpoch
            self.at = at
            self.user = user
            self.userApp = userApp
        }
    }

    /// A session that was merged into this one; upstreams are told until they acknowledge it or ten minutes have gone.
    public struct Merge: Codable, Equatable, Sendable {
        /// The session that lost.
        public var session: SessionID
        /// When it was merged.
        public var at: Timestamp

        /// A merge of its parts.
        public init(session: SessionID, at: Timestamp) {
            self.session = session
            self.at = at
        }
    }

    /// A user as one app knows them.
    public struct AppUser: Codable, Equatable, Sendable {
        /// The app.
        public var app: String
        /// The name it gave.
        public var user: String

        /// A user of an app.
        public init(app: String, user: String) {
            self.app = app
            self.user = user
        }
    }

    /// When the session was first seen.
    public var createdAt: Timestamp
    /// When it was last seen, up to a minute late (`touch`).
    public var lastSeen: Timestamp
    /// Raised by every login: handles of an earlier epoch are not honoured.
    public var epoch: UInt32
    /// The domain on which the epoch was last raised.
    public var epochHost: String?
    /// Who is logged in, app by app. Each app may repeat its own statement without another app's counting as changed.
    public var appUsers: [AppUser]
    /// The user who is bound: the one of the latest login.
    public var user: String?
    /// The app whose signal bound the user.
    public var userApp: String?
    /// Whether the session outlives the browser ("remember me").
    public var isPersistent: Bool
    /// The apps' cookies in custody.
    public var cookies: [AppCookie]
    /// Cookies that were taken into custody once and deleted since: a browser's old copy is ignored.
    public var deletedCookies: [CookieKey]
    /// Session data of the upstreams: the text of a JSON object (RFC 8259).
    public var data: String?
    /// When the session was revoked; no handle to it is honoured any more.
    public var revokedAt: Timestamp?
    /// Set on the loser of a comparison.
    public var forward: Forward?
    /// What was merged into this session and is still to be reported.
    public var mergedFrom: [Merge]

    /// A record of its parts; without `lastSeen`, last seen when it was created.
    public init(
        createdAt: Timestamp, lastSeen: Timestamp? = nil, epoch: UInt32 = 0, epochHost: String? = nil,
        user: String? = nil, userApp: String? = nil, appUsers: [AppUser] = [], isPersistent: Bool = false,
        cookies: [AppCookie] = [],
        deletedCookies: [CookieKey] = [], data: String? = nil, revokedAt: Timestamp? = nil, forward: Forward? = nil,
        mergedFrom: [Merge] = []
    ) {
        self.createdAt = createdAt
        self.lastSeen = lastSeen ?? createdAt
        self.epoch = epoch
        self.epochHost = epochHost
        self.user = user
        self.userApp = userApp
        self.appUsers = appUsers
        self.isPersistent = isPersistent
        self.cookies = cookies
        self.deletedCookies = deletedCookies
        self.data = data
        self.revokedAt = revokedAt
        self.forward = forward
        self.mergedFrom = mergedFrom
    }

    /// Nothing to remember: no record need be stored. A raised epoch is something to remember, because without it the
    /// handles of earlier epochs would be honoured again.
    public var isEmpty: Bool {
        epoch == 0 && user == nil && cookies.isEmpty && deletedCookies.isEmpty && data == nil && revokedAt == nil
            && forward == nil && mergedFrom.isEmpty
    }
}

extension SessionRecord {
    /// A record that is handed on by reference. A record is a dozen values, most with references of their own, which would
    /// be counted for every hand that it passes through on the way of a request; and nobody changes it there.
    public final class Shared: Equatable, Sendable {
        /// The record.
        public let record: SessionRecord

        /// A record to hand on.
        public init(_ record: SessionRecord) { self.record = record }

        /// Whether the records are equal.
        public static func == (one: Shared, other: Shared) -> Bool { one === other || one.record == other.record }
    }
}
