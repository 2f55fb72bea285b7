internal import Configuration
internal import Metrics
internal import SessionStores
internal import Sessions

/// The link and location rungs: a ticket in the address carries the session along.
///
/// Such an address may have been sent by somebody else, who would then share a session with the visitor. So an arrival
/// counts only with a sign that the visitor comes from a page of the domain that the ticket is from (`Referer`; where
/// pages send none, the other rungs have to do), it replaces nothing of value but for a login, and it moves this
/// domain's cookie and nothing more: it never merges records and never leaves a mark.
extension SessionGroup {
    /// A ticket for a visit to `host`.
    func arrivalTicket(_ session: ResolvedSession, from site: Site, to host: String) -> String {
        ticket(.arrival, from: site.host, to: host, session: session.carried)
    }

    /// The upstream's `Location` with a ticket, if it leads to another domain of the group; nil to leave it alone.
    public func decorate(location: String, of session: ResolvedSession, visit: Visit, at member: Member) -> String? {
        guard settings.locations, mayLink(visit) else { return nil }
        let absolute = location.hasPrefix("//") ? "\(member.site.scheme):\(location)" : location
        guard let target = Site(url: absolute), target.host != member.site.host, includes(target.host),
            target == member.site.sibling(target.host),
            Query.removing(settings.ticketParameter, from: absolute) == nil
        else { return nil }
        let ticket = arrivalTicket(session, from: member.site, to: target.host)
        return Query.appending(settings.ticketParameter, ticket, to: location)
    }

    /// A page load with a ticket in its address: takes the session over if nothing speaks against it, and answers 303 to
    /// the clean address in any case.
    ///
    /// - Parameters:
    ///   - text: the ticket.
    ///   - clean: path and query without it.
    public func arrive(_ visit: Visit, ticket text: String, clean: String, at member: Member) async -> Answer {
        let answer = await judge(visit, ticket: text, clean: clean, at: member)
        metrics.arrivals.count(settings.name, answer.outcome)
        return answer
    }

    private func judge(_ visit: Visit, ticket text: String, clean: String, at member: Member) async -> Answer {
        let page = member.site.origin + clean
        guard mayLink(visit), case .success(let ticket) = open(text, .arrival, at: member), let carried = ticket.session
        else { return .redirect(303, to: page, "bad_ticket") }
        let referer = visit.referer.flatMap(Site.init(url:))
        guard let referer, includes(referer.host), referer == member.site.sibling(ticket.from) else {
            return .redirect(303, to: page, "foreign_referer")
        }
        do {
            let own = try await resolve(visit.cookies.session, at: member)
            guard mayGiveUp(own, for: carried.id, of: visit, at: member), try await spend(ticket),
                let theirs = try await resolve(carried)
            else { return .redirect(303, to: page, "spent_ticket") }
            guard accepts(theirs, over: own.session, at: member) else {
                return .redirect(303, to: page, "kept")
            }
            return .redirect(303, to: page, cookies: issue(theirs, to: member) + [settled(at: member)], "accepted")
        } catch {
            // Without the store nobody can say whether the ticket was used before: the visit goes on as it is.
            return .redirect(303, to: page, "store_unavailable")
        }
    }

    /// Whether an arriving session may take the place of this domain's own.
    private func accepts(_ theirs: ResolvedSession, over own: ResolvedSession?, at member: Member) -> Bool {
        guard let own, own.id != theirs.id else { return true }
        let decision =
            member.isPrimary
            ? decide(current: theirs.side, primary: own.side).outcome == .useCurrent
            : decide(current: own.side, primary: theirs.side).outcome == .replace
        guard decision, own.record?.user == nil else { return false }
        // Something is remembered here that a link must not put aside; the next check compares properly.
        return own.record == nil || theirs.record?.user != nil
    }
}
