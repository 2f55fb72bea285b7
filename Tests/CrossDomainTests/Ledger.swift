import Sessions
import Testing

@testable import CrossDomain

/// What the browsers of a run have ever been given, and what must not be honoured any more.
final class Ledger {
    let world: World
    /// Whose each session is: the first browser that was seen to hold it.
    private(set) var owners: [SessionID: String] = [:]
    private(set) var revoked: Set<SessionID> = []
    private(set) var issued: [(host: String, value: String, purpose: HandlePurpose)] = []
    /// What went against the rules, for the test to report.
    private(set) var violations: [String] = []

    init(_ world: World) { self.world = world }

    /// A browser resolves to a session, or is given a handle of it.
    func note(_ id: SessionID, by browser: String, _ place: String) {
        let owner = owners[id] ?? browser
        owners[id] = owner
        if owner != browser { violations.append("\(browser) holds \(id) of \(owner) at \(place)") }
        if revoked.contains(id) { violations.append("\(browser) holds the revoked \(id) at \(place)") }
    }

    /// A handle has gone out to a browser.
    func note(issued value: String, at host: String, _ purpose: HandlePurpose, by browser: String) async throws {
        guard !value.isEmpty else { return }
        issued.append((host, value, purpose))
        let found = try await world.group.resolve([value], at: world.member(host), purpose: purpose)
        if let session = found.session { note(session.id, by: browser, "\(host), just issued") }
    }

    /// No handle issued so far opens the session any more: it has just had a login or a logout.
    func expectNoneOpens(_ id: SessionID, _ why: String) async throws {
        for (host, value, purpose) in issued {
            let found = try await world.group.resolve([value], at: world.member(host), purpose: purpose)
            if found.session?.id == id {
                violations.append("a handle from before the \(why) of \(id) opens at \(host)")
            }
        }
    }

    func revoke(_ id: SessionID) { revoked.insert(id) }
}
