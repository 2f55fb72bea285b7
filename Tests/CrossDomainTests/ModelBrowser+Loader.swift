import Configuration
import SessionStores
import Sessions

@testable import CrossDomain

/// What `loader.js` does on a page, step by step.
extension ModelBrowser {
    /// Runs the loader and whatever it starts: a reload once, a handshake.
    @discardableResult
    func runLoader(_ page: Page) async throws -> Page {
        let names = world.member(page.host).cookies
        let isDue = scriptSees(names.dueName, "1", on: page.host)
        guard let result = try await check(page, isDue: isDue) else { return page }
        switch result {
        case "unknown", "handshake":
            return try await handshake(page, isDue: isDue)
        default:
            remember("checked", page.host)
            if isDue { try await store([names.notDue(for: world.group.settings.checkInterval)], of: page.host) }
            guard result == "replaced", page.mayReload, !isYounger("reloaded", page.host, 10) else { return page }
            remember("reloaded", page.host)
            guard isYounger("reloaded", page.host, 10) else { return page }
            let again = try await navigate("https://\(page.host)\(page.target)", .page(page.host))
            return try await runLoader(again)
        }
    }

    /// The result that is to be settled; nil if there is nothing to do or something failed.
    private func check(_ page: Page, isDue: Bool) async throws -> String? {
        let settings = world.group.settings
        let due = world.member(page.host).cookies.dueName
        guard settings.fetch || settings.handshake != .off else { return nil }
        if !isDue {
            let isSettled = scriptSees(due, "0", on: page.host)
            if isSettled || isYounger("checked", page.host, settings.checkInterval) { return nil }
        }
        guard let own = try await post(["action": "begin"], from: page.host, to: page.host) else { return nil }
        guard own["result"] == "ticket" else { return own["result"] }
        let primary = own["primary"].flatMap(Site.init(url:))?.host ?? ""
        let answer = try await post(["action": "check", "ticket": own["ticket"] ?? ""], from: page.host, to: primary)
        guard let answer else { return "unknown" }
        guard answer["result"] == "replace" else { return answer["result"] }
        return try await post(
            ["action": "replace", "ticket": answer["ticket"] ?? ""], from: page.host, to: page.host)?[
                "result"]
    }

    private func handshake(_ page: Page, isDue: Bool) async throws -> Page {
        let settings = world.group.settings
        guard settings.handshake != .off, page.mayReload else { return page }
        if isYounger("tried", page.host, isDue ? min(30, settings.checkInterval) : settings.checkInterval) {
            return page
        }
        remember("tried", page.host)
        guard isYounger("tried", page.host, settings.checkInterval) else { return page }
        remember("checked", page.host)
        let to = page.target.utf8.map { byte in
            byte.isUnreserved ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }.joined()
        let address = "https://\(page.host)\(Endpoint.start.rawValue)?to=\(to)"
        return try await runLoader(try await navigate(address, .page(page.host)))
    }

    /// A ticket for a link that is about to be used; nil if there is none.
    func mint(from host: String, to sibling: String) async throws -> String? {
        try await post(["action": "begin", "to": sibling], from: host, to: host)?["ticket"]
    }

    /// Follows a link from a page of one domain to another, with the ticket that the loader adds to it.
    @discardableResult
    func followLink(from host: String, to sibling: String) async throws -> Page {
        let ticket = try await mint(from: host, to: sibling)
        let page = try await navigate(
            "https://\(sibling)/" + (ticket.map { "?\(World.settings.ticketParameter)=\($0)" } ?? ""), .page(host))
        return try await runLoader(page)
    }

    /// A script's POST to `/crossdomain`; nil where the browser keeps the answer from it, or it is an error.
    func post(_ members: [String: String], from page: String, to host: String) async throws -> [String: String]? {
        let answer = try await send(members, from: page, to: host)
        let isReadable =
            page == host
            || (answer.first("Access-Control-Allow-Origin") == "https://\(page)"
                && answer.first("Access-Control-Allow-Credentials") == "true")
        guard isReadable, answer.status == 200 else { return nil }
        return answer.json
    }

    func send(_ members: [String: String], from page: String, to host: String) async throws -> Answer {
        var fetch = Visit.FetchMetadata()
        fetch.site = page == host ? .sameOrigin : .crossSite
        fetch.mode = .other
        fetch.dest = .empty
        fetch.hasClientHints = engine.isChromium
        if page != host, engine.isChromium { fetch.hasStorageAccess = engine == .chromium }
        let visit = Visit(
            site: world.member(host).site, method: "POST", target: Endpoint.root, fetch: fetch,
            cookies: cookies(to: host, path: Endpoint.root, topLevel: page), origin: "https://\(page)",
            referer: "https://\(page)/")
        let answer = await world.group.answer(
            visit, path: Endpoint.root, contentType: "application/json", body: body(members), at: world.member(host))
        try await store(answer.all("Set-Cookie"), of: host, topLevel: page)
        return answer
    }

    private func remember(_ key: String, _ host: String) { storage?["\(host) \(key)"] = now }

    private func isYounger(_ key: String, _ host: String, _ seconds: Int64) -> Bool {
        guard let at = storage?["\(host) \(key)"] else { return false }
        return now.since(at) < seconds
    }
}

extension UInt8 {
    fileprivate var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
