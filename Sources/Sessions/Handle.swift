/// What a session cookie says once it is opened: this browser, on this cookie scope, holds this session.
public struct Handle: Equatable, Sendable {
    /// The session that the browser holds.
    public var session: SessionID
    /// The session's epoch when the handle was issued. A session at a later epoch no longer honours the handle.
    public var epoch: UInt32
    /// When the session was first seen: the start of its absolute timeout.
    public var firstSeen: Timestamp
    /// When this handle was issued: the start of its idle timeout, as long as no record says more.
    public var issuedAt: Timestamp
    /// Whether the browser keeps the cookie when it is closed ("remember me"); chooses the pair of timeouts.
    public var isPersistent: Bool

    /// A handle of its parts.
    public init(session: SessionID, epoch: UInt32, firstSeen: Timestamp, issuedAt: Timestamp, isPersistent: Bool) {
        self.session = session
        self.epoch = epoch
        self.firstSeen = firstSeen
        self.issuedAt = issuedAt
        self.isPersistent = isPersistent
    }
}

/// Which cookie a handle is for. One sealed for one purpose does not open for another.
public enum HandlePurpose: UInt8, Sendable {
    /// The session cookie.
    case session = 1
    /// The primary's `SameSite=None` cookie, which serves cross-site checks only.
    case crossSiteCheck = 2
}
