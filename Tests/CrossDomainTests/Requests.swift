import Configuration
import SessionStores
import Sessions

@testable import CrossDomain

/// Single requests, for the tests that look at one step.
extension World {
    /// A script's POST of a page of `origin` to `/crossdomain`.
    func post(
        _ members: [String: String], at host: String, origin: String?, site: Visit.FetchMetadata.Site? = nil,
        cookies: Visit.Cookies = .init(),
        hasStorageAccess: Bool = false, optsOut: Bool = false
    ) async -> Answer {
        await post(
            body: body(members), at: host, origin: origin, site: site, cookies: cookies,
            hasStorageAccess: hasStorageAccess,
            optsOut: optsOut)
    }

    func post(
        body: [UInt8], at host: String, origin: String?, site: Visit.FetchMetadata.Site? = nil,
        cookies: Visit.Cookies = .init(),
        contentType: String? = "application/json", hasStorageAccess: Bool = false, optsOut: Bool = false
    ) async -> Answer {
        var fetch = Visit.FetchMetadata()
        fetch.mode = .other
        fetch.dest = .empty
        fetch.site = site
        fetch.hasStorageAccess = hasStorageAccess
        fetch.optsOut = optsOut
        let visit = Visit(
            site: member(host).site, method: "POST", target: Endpoint.root, fetch: fetch, cookies: cookies,
            origin: origin)
        return await group.answer(
            visit, path: Endpoint.root, contentType: contentType, body: body, at: member(host))
    }

    func own(_ host: String) -> String { "https://\(host)" }

    /// A page load, or one leg of a handshake.
    func visit(
        _ host: String, _ target: String = "/", site: Visit.FetchMetadata.Site? = .user,
        cookies: Visit.Cookies = .init(),
        referer: String? = nil, method: String = "GET", change: (inout Visit) -> Void = { _ in }
    ) -> Visit {
        var fetch = Visit.FetchMetadata()
        fetch.mode = .navigate
        fetch.dest = .document
        fetch.site = site
        var visit = Visit(
            site: member(host).site, method: method, target: target, fetch: fetch, cookies: cookies, referer: referer,
            acceptsPage: true)
        change(&visit)
        return visit
    }

    func get(_ visit: Visit) async -> Answer {
        await group.answer(
            visit, path: String(visit.target.prefix { $0 != "?" }), contentType: nil, body: [],
            at: member(visit.site.host))
    }

    func get(_ host: String, _ target: String, cookies: Visit.Cookies = .init(), site: Visit.FetchMetadata.Site? = nil)
        async -> Answer
    {
        await get(visit(host, target, site: site, cookies: cookies))
    }

    /// Cookies with a session on a host.
    func holding(_ session: ResolvedSession?, at host: String, check: ResolvedSession? = nil) -> Visit.Cookies {
        var cookies = Visit.Cookies()
        if let session { cookies.session = [handle(session, at: host)] }
        if let check { cookies.check = [handle(check, at: host, check: true)] }
        return cookies
    }

    /// A ticket as the ladder makes it, with one thing or another changed.
    func ticket(
        _ purpose: TicketPurpose, from: String, to: String, _ session: ResolvedSession?, nonce: String? = nil,
        peerNonce: String? = nil, returnTo: String? = "/page", flags: UInt8 = 0
    ) -> String {
        group.ticket(
            purpose, from: from, to: to, session: session?.carried, nonceHash: nonce.map(group.hash),
            peerNonceHash: peerNonce.map(group.hash), returnTo: returnTo, flags: flags)
    }

    func step(_ endpoint: Endpoint, _ ticket: String) -> String {
        "\(endpoint.rawValue)?\(settingsParameter)=\(ticket)"
    }

    private var settingsParameter: String { group.settings.ticketParameter }
}

extension Answer {
    /// The stable code of a refusal, if it is one that sets nothing and is written as it must be.
    var refusal: LadderError? {
        guard let error = LadderError(rawValue: json["error"] ?? ""), status == error.status, json["result"] == nil,
            all("Set-Cookie").isEmpty, first("Cache-Control") == "no-store",
            first("Content-Type") == "application/json"
        else { return nil }
        return error
    }
}
