import Configuration
import CrossDomain
import Glibc
import SessionStores
import Sessions

extension Micro {
    /// Times the lookup of sessions with records by their cookies, all in the cache, on one connection.
    ///
    /// One visitor is what a connection nearly always has: the memo knows the cookie already. With several, who take
    /// turns as they do behind another proxy, every cookie is opened anew.
    static func sessionLookup(_ arguments: [String]) async throws {
        guard arguments.count == 2, let seconds = Double(arguments[0]), let visitors = Int(arguments[1]), visitors > 0
        else { fail("usage: Micro session SECONDS VISITORS") }
        let site = Site(scheme: "https", host: "bench.localhost", port: nil)
        let group = try group(at: site.host)
        let member = Member(site, cookieDomain: nil, in: group.settings)
        var cookies: [[String]] = []
        for _ in 0..<visitors { cookies.append([try await login(to: group, at: member)]) }

        var memo = HandleMemo()
        var turn = 0
        var found = 0
        let timing = Timing {
            turn = turn + 1 < visitors ? turn + 1 : 0
            if group.resolveFromCache(cookies[turn], at: member, memo: &memo).session?.record != nil { found += 1 }
        }
        for _ in 0..<visitors { timing.once() }
        guard found == visitors else { fail("only \(found) of \(visitors) sessions were found in the cache") }
        if let allocations = timing.allocations() { return print(#"{"allocations":\#(allocations)}"#) }
        let samples = timing.samples(seconds: seconds)
        let median = samples[samples.count / 2]
        print(#"{"median":\#(median),"least":\#(samples[0]),"samples":\#(samples.count)}"#)
    }

    /// A group as a configuration makes it, but for the cache, which forgets nothing meanwhile.
    private static func group(at host: String) throws -> SessionGroup {
        let clock: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }
        let key = Key(id: 1, createdAt: clock(), bytes: SystemRandom().bytes(Key.byteCount))
        guard let keys = KeyRing(keys: [key]) else { fail("the key does not make a ring") }
        let settings = Group(
            name: "bench",
            domains: [Domain(pattern: .exact(host), upstream: .tcp(host: "127.0.0.1", port: 9))], primary: host)
        let times = settings.timeouts
        let repository = SessionRepository(
            store: MemoryStore(clock: clock), cache: RecordCache(timeToLive: .max),
            timeouts: SessionTimeouts(
                idle: times.idle, absolute: times.absolute, persistentIdle: times.persistentIdle,
                persistentAbsolute: times.persistentAbsolute))
        return SessionGroup(settings: settings, keys: keys, repository: repository, clock: clock)
    }

    /// Makes a session with somebody's login in its record, and returns the value of its cookie.
    private static func login(to group: SessionGroup, at member: Member) async throws -> String {
        var session = ResolvedSession.new(group.random, now: group.clock())
        let firstSeen = session.firstSeen
        let stored = try await group.repository.update(session.id) { record in
            var made = SessionRecord(createdAt: firstSeen, lastSeen: firstSeen)
            made.login(user: "somebody", app: "bench", host: member.site.host)
            record = made
        }
        session.record = stored?.record
        session.epoch = stored?.record.epoch ?? 0
        let line = group.issue(session, to: member).first ?? ""
        return String(line.drop { $0 != "=" }.dropFirst().prefix { $0 != ";" })
    }
}
