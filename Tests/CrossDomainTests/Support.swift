import Configuration
import FoundationEssentials
import SessionStores
import Sessions
import Synchronization
import Testing

@testable import CrossDomain

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let seconds = Atomic<Int64>(1_700_000_000)

    var now: Timestamp { Timestamp(seconds: seconds.load(ordering: .sequentiallyConsistent)) }

    func advance(by interval: Int64) { seconds.add(interval, ordering: .sequentiallyConsistent) }
}

/// SplitMix64: small, and the same numbers on every machine for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A seeded source of bytes that can be shared.
final class SeededSource: RandomSource {
    private let generator: Mutex<Seeded>

    init(_ seed: UInt64) { generator = Mutex(Seeded(seed)) }

    func bytes(_ count: Int) -> [UInt8] {
        generator.withLock { generator in
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
    }
}

/// The three domains of most tests; none is a subdomain of another, so each is a site of its own.
enum Host {
    static let shop = "shop.example"
    static let germany = "shop-deutschland.example"
    static let club = "club.example"
    static let all = [shop, germany, club]
    static let evil = "evil.example"
}

/// A group at work on a store in memory, with a clock that is moved by hand.
struct World: Sendable {
    let clock: TestClock
    let store: any SessionStore
    let group: SessionGroup

    /// - Parameters:
    ///   - store: a store in memory of its own, if none is given.
    ///   - configure: changes the group's settings.
    init(
        seed: UInt64 = 1, clock: TestClock = TestClock(), store: (any SessionStore)? = nil,
        configure: (inout Group) -> Void = { _ in }
    ) throws {
        self.clock = clock
        self.store = store ?? MemoryStore { clock.now }
        var settings = World.settings
        configure(&settings)
        let times = settings.timeouts
        let repository = SessionRepository(
            store: self.store,
            cache: RecordCache(capacity: 4096, shards: 4) { UInt64(clock.now.seconds) &* 1_000_000_000 },
            timeouts: SessionTimeouts(
                idle: times.idle, absolute: times.absolute, persistentIdle: times.persistentIdle,
                persistentAbsolute: times.persistentAbsolute))
        let key = Key(id: 1, createdAt: Timestamp(seconds: 0), bytes: [UInt8](repeating: 7, count: Key.byteCount))
        group = SessionGroup(
            settings: settings, keys: try #require(KeyRing(keys: [key])), repository: repository,
            random: SeededSource(seed)
        ) { clock.now }
    }

    static var settings: Group {
        func domain(_ pattern: HostPattern, _ port: Int) -> Domain {
            Domain(pattern: pattern, upstream: .tcp(host: "127.0.0.1", port: port))
        }
        return Group(
            name: "brands",
            domains: [
                domain(.exact(Host.shop), 5001), domain(.exact(Host.germany), 5001), domain(.exact(Host.club), 5002),
                domain(.wildcard("members.example"), 5003),
            ], primary: Host.shop)
    }

    /// A domain as browsers reach it over https.
    func member(_ host: String) -> Member {
        Member(Site(scheme: "https", host: host, port: nil), cookieDomain: nil, in: group.settings)
    }

    /// The app behind a host: the two shops are one app.
    func app(_ host: String) -> String {
        let domain = group.settings.domains.first { $0.pattern == .exact(host) }
        return domain?.app ?? "members"
    }

    /// A session with a record, `age` seconds old; with a user it is as after a login on `at`.
    func session(
        user: String? = nil, app: String = "shop", at host: String = Host.shop, age: Int64 = 3600,
        hasRecord: Bool = true
    ) async throws -> ResolvedSession {
        var session = ResolvedSession.new(group.random, now: clock.now.adding(-age))
        session.issuedAt = clock.now
        guard hasRecord || user != nil else { return session }
        let now = clock.now
        session.record = try await group.repository.update(session.id) { [session] record in
            var made = SessionRecord(createdAt: session.firstSeen, lastSeen: now, data: #"{"seen":true}"#)
            if let user { made.login(user: user, app: app, host: host) }
            record = made
        }?.record
        session.epoch = session.record?.epoch ?? 0
        return session
    }

    /// The value of the session cookie (or the check cookie) that `issue` would set for a session on `host`.
    func handle(_ session: ResolvedSession, at host: String, check: Bool = false) -> String {
        let lines =
            check
            ? [group.checkCookie(session, at: member(host))] : group.issue(session, to: member(host))
        return lines.first.map(CookieLine.init)?.value ?? ""
    }
}

/// A `Set-Cookie` line in its parts.
struct CookieLine {
    let name: String
    let value: String
    let attributes: [String: String]

    init(_ line: String) {
        var parts = line.split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
        }
        let first = parts.isEmpty ? [] : parts.removeFirst()
        name = first.first ?? ""
        value = first.count > 1 ? first[1] : ""
        attributes = Dictionary(parts.map { ($0.first ?? "", $0.count > 1 ? $0[1] : "") }) { _, last in last }
    }
}

extension Answer {
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    func first(_ name: String) -> String? { all(name).first }
    var location: String? { first("Location") }
    var cookieLines: [CookieLine] { all("Set-Cookie").map(CookieLine.init) }

    /// The members of a JSON answer.
    var json: [String: String] {
        (try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))) ?? [:]
    }

    /// The ticket in the address that this redirects to.
    var ticket: String? { location.flatMap { Query.value(World.settings.ticketParameter, of: $0) } }
}

/// A JSON object of strings as a request body.
func body(_ members: [String: String]) -> [UInt8] {
    let text = members.sorted { $0.key < $1.key }.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
    return Array("{\(text.joined(separator: ","))}".utf8)
}
