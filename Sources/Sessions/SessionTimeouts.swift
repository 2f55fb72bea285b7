/// How long a session lives; a pair for cookies that end with the browser and a pair for "remember me". All in seconds.
public struct SessionTimeouts: Equatable, Sendable {
    /// The most seconds between two requests.
    public var idle: Int64
    /// The most seconds since the session was first seen.
    public var absolute: Int64
    /// `idle` for persistent handles.
    public var persistentIdle: Int64
    /// `absolute` for persistent handles.
    public var persistentAbsolute: Int64

    /// How far in the future a time may lie, in seconds, before it is no longer taken for a clock that was set.
    public static let toleratedJump: Int64 = 3600

    /// Timeouts in seconds. Values below 1 let nothing live.
    public init(idle: Int64, absolute: Int64, persistentIdle: Int64, persistentAbsolute: Int64) {
        self.idle = idle
        self.absolute = absolute
        self.persistentIdle = persistentIdle
        self.persistentAbsolute = persistentAbsolute
    }

    /// Whether an authentic handle is still within its timeouts.
    ///
    /// Times up to `toleratedJump` in the future count as now, so a clock that was an hour ahead and is set right kills
    /// nothing that was issued meanwhile. Beyond that a handle is dead, and `lastSeen` is ignored.
    ///
    /// - Parameters:
    ///   - lastSeen: the record's, if the session has a record; what other domains did counts against idling too.
    public func isAlive(_ h: Handle, lastSeen: Timestamp?, now: Timestamp) -> Bool {
        let latest = now.adding(SessionTimeouts.toleratedJump)
        guard h.issuedAt <= latest, h.firstSeen <= latest else { return false }
        var active = h.issuedAt
        if let lastSeen, lastSeen <= latest { active = max(active, lastSeen) }
        return now.since(active) <= idle(isPersistent: h.isPersistent)
            && now.since(h.firstSeen) < absolute(isPersistent: h.isPersistent)
    }

    /// Whether a living handle is worth issuing again: a quarter or more of its idle time has gone by.
    public func shouldReissue(_ h: Handle, now: Timestamp) -> Bool {
        let idle = idle(isPersistent: h.isPersistent)
        return now.since(h.issuedAt) >= idle / 4 + (idle % 4 > 0 ? 1 : 0)
    }

    /// The idle timeout of one kind of handle.
    public func idle(isPersistent: Bool) -> Int64 {
        isPersistent ? persistentIdle : idle
    }

    /// The absolute timeout of one kind of handle.
    public func absolute(isPersistent: Bool) -> Int64 {
        isPersistent ? persistentAbsolute : absolute
    }
}
