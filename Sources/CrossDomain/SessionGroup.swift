public import Configuration
internal import Crypto
public import SessionStores
public import Sessions

/// A group at work: its settings, keys, store and clock, and the rules by which its domains share sessions.
///
/// Immutable and shared by all event loops. The ladder's rungs are extensions of it, one file each: `Handshake`, `Check`,
/// `Arrival`; `Endpoints` is the outside of `/crossdomain`.
public final class SessionGroup: Sendable {
    /// The group as configured.
    public let settings: Group
    /// Where records are.
    public let repository: SessionRepository
    /// Judges handles.
    public let resolver: SessionResolver
    /// Randomness for ids and nonces.
    public let random: any RandomSource
    /// How often sessions were carried from domain to domain.
    public let metrics: LadderMetrics
    /// The time.
    public let clock: @Sendable () -> Timestamp

    let handles: HandleSealer
    let tickets: TicketSealer
    private let exactHosts: Set<String>
    private let wildcardParents: [String]

    /// Puts a group to work.
    public init(
        settings: Group, keys: KeyRing, repository: SessionRepository, random: any RandomSource = SystemRandom(),
        metrics: LadderMetrics = LadderMetrics(), clock: @escaping @Sendable () -> Timestamp
    ) {
        self.settings = settings
        self.repository = repository
        self.random = random
        self.metrics = metrics
        self.clock = clock
        handles = HandleSealer(keys: keys, random: random)
        tickets = TicketSealer(keys: keys, random: random)
        resolver = SessionResolver(
            timeouts: SessionTimeouts(
                idle: settings.timeouts.idle, absolute: settings.timeouts.absolute,
                persistentIdle: settings.timeouts.persistentIdle,
                persistentAbsolute: settings.timeouts.persistentAbsolute),
            primary: settings.primary)
        exactHosts = Set(settings.domains.filter { !$0.pattern.isWildcard }.map(\.pattern.name))
        wildcardParents = settings.domains.filter(\.pattern.isWildcard).map(\.pattern.name)
    }

    /// Whether `host` (lower case, no port) is a domain of this group.
    public func includes(_ host: String) -> Bool {
        if exactHosts.contains(host) { return true }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return wildcardParents.contains { $0 == host[host.index(after: dot)...] }
    }

    /// The origin's site, if it is exactly (scheme, host and port) one of the group's as seen from `site`.
    func groupSite(origin: String?, seenFrom site: Site) -> Site? {
        guard let origin, let from = Site(url: origin), from.origin == origin, includes(from.host),
            from == site.sibling(from.host)
        else { return nil }
        return from
    }

    // MARK: Cookies and sessions

    /// What the session cookie says, by the cache alone: `.unknown` asks for ``resolve(_:at:)``.
    ///
    /// - Parameter memo: what the same connection has shown before. Nearly all requests of a connection bring the same
    ///   cookie, and opening it is most of the work.
    public func resolveFromCache(_ values: [String], at member: Member, memo: inout HandleMemo) -> Resolution {
        var answer = Resolution.none
        for value in values {  // a name can come twice: whichever is genuine counts
            let scope = member.scope(of: .session)
            let known = memo.handle(for: value, of: self, scope: scope)
            guard let handle = known ?? open(value, at: member, purpose: .session) else { continue }
            memo.keep(handle, for: value, of: self, scope: scope)
            let found = resolver.resolve(handle, now: clock()) { repository.lookupInCache($0) }
            switch found {
            case .session, .unknown: return found
            case .stale: answer = found
            case .none: continue
            }
        }
        return answer
    }

    /// What the session cookie says, asking the store where the cache does not know.
    ///
    /// - Throws: ``StoreError`` when the store does not answer: trouble is not a miss.
    public func resolve(
        _ values: [String], at member: Member, purpose: HandlePurpose = .session
    ) async throws -> Resolution {
        var answer = Resolution.none
        for value in values {
            guard let handle = open(value, at: member, purpose: purpose) else { continue }
            let found = try await resolve(handle)
            switch found {
            case .session: return found
            case .stale: answer = found
            case .none, .unknown: continue
            }
        }
        return answer
    }

    /// What a ticket carries, if it is still so.
    ///
    /// - Throws: ``StoreError``.
    func resolve(_ carried: CarriedSession) async throws -> ResolvedSession? {
        let now = clock()
        let handle = Handle(
            session: carried.id, epoch: carried.epoch, firstSeen: carried.firstSeen, issuedAt: now,
            isPersistent: carried.isPersistent)
        return try await resolve(handle).session
    }

    private func resolve(_ handle: Handle) async throws -> Resolution {
        var loaded: [SessionID: SessionResolver.Lookup] = [:]
        for _ in 0...SessionResolver.longestChain {
            var missing: SessionID?
            let found = resolver.resolve(handle, now: clock()) { id in
                if let known = loaded[id] { return known }
                let cached = repository.lookupInCache(id)
                if case .unknown = cached { missing = id }
                return cached
            }
            guard case .unknown = found, let id = missing else { return found }
            loaded[id] = try await repository.load(id).map { .record($0.shared) } ?? .absent
        }
        return .none
    }

    private func open(_ value: String, at member: Member, purpose: HandlePurpose) -> Handle? {
        handles.open(value.utf8, scope: member.scope(of: purpose), purpose: purpose, group: settings.name)
    }

    /// The cookie lines that give a session to this browser on this domain.
    ///
    /// - Parameter isNew: whether the session begins with a page of the primary. Its cookie for cross-site checks is then
    ///   left alone: a page's request does not carry it, and it may already hold what a sibling's check has put there.
    ///   The primary's own loader compares the two.
    public func issue(_ session: ResolvedSession, to member: Member, isNew: Bool = false) -> [String] {
        let handle = Handle(
            session: session.id, epoch: session.epoch, firstSeen: session.firstSeen, issuedAt: clock(),
            isPersistent: session.isPersistent)
        let maxAge = session.isPersistent ? settings.timeouts.persistentIdle : nil
        let cookies = member.cookies
        var lines = [cookies.session(seal(handle, for: member, purpose: .session), maxAge: maxAge)]
        if member.isPrimary, settings.fetch, !isNew { lines.append(checkCookie(session, at: member)) }
        return lines
    }

    /// The line that tells the loader that this browser's sessions have just been compared.
    func settled(at member: Member) -> String { member.cookies.notDue(for: settings.checkInterval) }

    /// The line of the primary's cookie for cross-site checks.
    func checkCookie(_ session: ResolvedSession, at member: Member) -> String {
        let handle = Handle(
            session: session.id, epoch: session.epoch, firstSeen: session.firstSeen, issuedAt: clock(),
            isPersistent: session.isPersistent)
        let maxAge = session.isPersistent ? settings.timeouts.persistentIdle : nil
        return member.cookies.check(seal(handle, for: member, purpose: .crossSiteCheck), maxAge: maxAge)
    }

    private func seal(_ handle: Handle, for member: Member, purpose: HandlePurpose) -> String {
        handles.seal(handle, scope: member.scope(of: purpose), purpose: purpose, group: settings.name)
    }

    /// Whether a valid cookie is due for renewal: a good part of its idle time is over, or it names a merged session.
    public func isDueForRenewal(_ session: ResolvedSession) -> Bool {
        if session.needsRenewal { return true }
        let handle = Handle(
            session: session.id, epoch: session.epoch, firstSeen: session.firstSeen, issuedAt: session.issuedAt,
            isPersistent: session.isPersistent)
        return resolver.timeouts.shouldReissue(handle, now: clock())
    }

    // MARK: Tickets

    func ticket(
        _ purpose: TicketPurpose, from: String, to: String, session: CarriedSession? = nil, nonceHash: [UInt8]? = nil,
        peerNonceHash: [UInt8]? = nil, returnTo: String? = nil, flags: UInt8 = 0
    ) -> String {
        tickets.seal(
            Ticket(
                id: .random(random), purpose: purpose, issuedAt: clock(), from: from, to: to, session: session,
                nonceHash: nonceHash, peerNonceHash: peerNonceHash, returnTo: returnTo, flags: flags),
            group: settings.name)
    }

    func open(
        _ text: String, _ purpose: TicketPurpose, at member: Member, lifetime: Int64? = nil
    ) -> Result<Ticket, TicketError> {
        tickets.open(
            text.utf8, purpose: purpose, at: member.site.host, group: settings.name, now: clock(),
            lifetime: lifetime ?? settings.ticketLifetime)
    }

    /// Uses a ticket up; false when it was used before.
    ///
    /// - Throws: ``StoreError``; the ticket then counts as used.
    func spend(_ ticket: Ticket) async throws -> Bool {
        // Twice the lifetime: an early ticket (a clock a little behind) is accepted later, too.
        try await repository.spend(ticket.id, until: clock().adding(2 * settings.ticketLifetime + 60))
    }

    /// SHA-256 of a nonce, as tickets carry it.
    func hash(_ nonce: String) -> [UInt8] { Array(SHA256.hash(data: Array(nonce.utf8))) }

    /// The nonce this browser has already, or a new one: two tabs that begin at the same time share it.
    func nonce(of visit: Visit) -> String {
        if let held = visit.cookies.nonce.first(where: { $0.utf8.count == 32 && SessionID(hex: $0) != nil }) {
            return held
        }
        return SessionID.random(random).hex
    }

    /// Whether the browser holds the nonce that the ticket was bound to, and no second one that somebody else put there.
    func isBound(_ visit: Visit, to nonceHash: [UInt8]?) -> Bool {
        guard let nonceHash, visit.cookies.nonce.count == 1 else { return false }
        return visit.cookies.nonce.allSatisfy { hash($0) == nonceHash }
    }

    /// Whether this domain's cookie may be given up for `other`: not if it is from before a login to another session,
    /// which is still this visitor's, only not proved here.
    func mayGiveUp(_ own: Resolution, for other: SessionID, of visit: Visit, at member: Member) -> Bool {
        guard case .stale = own else { return true }
        return visit.cookies.session.contains { open($0, at: member, purpose: .session)?.session == other }
    }

    /// Whether a handshake can turn a handle from before a login into one of now, from this domain.
    public func canRecover(_ resolution: Resolution, of visit: Visit, at member: Member) -> Bool {
        settings.handshake != .off && mayLink(visit) && peer(of: member, holding: resolution) != nil
    }

    /// Whether this visitor may be recognised across domains: consent where asked for, and no opt-out.
    public func mayLink(_ visit: Visit) -> Bool {
        !visit.fetch.optsOut && (settings.consentCookie == nil || visit.cookies.hasConsent)
    }
}

extension SessionRepository {
    /// What the cache knows of a record.
    func lookupInCache(_ id: SessionID) -> SessionResolver.Lookup {
        switch cached(id) {
        case .hit(let stored): .record(stored.shared)
        case .absent: .absent
        case .unknown: .unknown
        }
    }
}
