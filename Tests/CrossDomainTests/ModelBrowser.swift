import Configuration
import SessionStores
import Sessions

@testable import CrossDomain

/// How a browser treats cookies of third parties, and what it says of itself.
enum Engine: String, CaseIterable {
    /// Third-party cookies travel, and the browser says so.
    case chromium
    /// Chromium with third-party cookies blocked.
    case chromiumBlocking
    /// Third-party cookies travel, and the browser says nothing.
    case permissive
    /// Third-party cookies are blocked, as WebKit does.
    case webKit
    /// Third-party cookies are stored by top-level site, as Firefox does.
    case firefox
    /// No cookie is stored at all.
    case cookieless

    var isChromium: Bool { self == .chromium || self == .chromiumBlocking }
}

/// Where a navigation comes from.
enum Initiator: Equatable {
    /// The address bar, a bookmark, another program.
    case typed
    /// A page of this host, whose address is sent along as browsers do by default.
    case page(String)
    /// A page of this host that withholds its address.
    case quiet(String)
}

/// A page that was shown in the end.
struct Page {
    var host: String
    /// Path and query as the address bar shows them.
    var target: String
    /// What the upstream was told.
    var session: ResolvedSession
    var resolution: Resolution
    /// The redirects that it took.
    var redirects: [String]
    /// Whether the loader may load it again: not the answer to a form.
    var mayReload: Bool
}

struct TooManyRedirects: Error { var addresses: [String] }
struct UnexpectedAnswer: Error { var address: String, status: Int, body: String }

/// A browser with one tab: cookies by the rules of its engine, storage for the loader, redirects.
final class ModelBrowser {
    let name: String
    let engine: Engine
    let world: World
    let ledger: Ledger
    var jar = CookieJar()
    /// What its one connection has shown.
    var memo = HandleMemo()
    /// What the loader keeps in `localStorage` and `sessionStorage`: times by host and key. Nil where storage throws.
    var storage: [String: Timestamp]? = [:]
    /// The most redirects that are followed; real browsers stop at 20.
    var longestChain = 12

    init(_ name: String, _ engine: Engine, _ ledger: Ledger) {
        self.name = name
        self.engine = engine
        self.ledger = ledger
        world = ledger.world
    }

    var now: Timestamp { world.clock.now }

    // MARK: Cookies

    /// Our cookies of a request, sorted as the proxy sorts them.
    func cookies(to host: String, path: String, topLevel: String? = nil) -> Visit.Cookies {
        let isThirdParty = topLevel.map { $0 != host } ?? false
        var own = Visit.Cookies()
        guard let partition = partition(host, topLevel) else { return own }
        let names = world.member(host).cookies
        for entry in jar.cookies(
            host: host, path: path, partition: partition.key, isThirdParty: isThirdParty, now: now)
        {
            switch entry.name {
            case names.sessionName: own.session.append(entry.value)
            case names.checkName: own.check.append(entry.value)
            case names.nonceName: own.nonce.append(entry.value)
            case names.triedName: own.hasTried = true
            case world.group.settings.consentCookie: own.hasConsent = true
            default: continue
            }
        }
        return own
    }

    func store(_ lines: [String], of host: String, topLevel: String? = nil) async throws {
        let names = world.member(host).cookies
        for text in lines {
            let line = CookieLine(text)
            if line.name == names.sessionName {
                try await ledger.note(issued: line.value, at: host, .session, by: name)
            } else if line.name == names.checkName {
                try await ledger.note(issued: line.value, at: host, .crossSiteCheck, by: name)
            }
            guard let partition = partition(host, topLevel) else { continue }
            jar.set(
                text, host: host, partition: partition.key, isThirdParty: topLevel.map { $0 != host } ?? false, now: now
            )
        }
    }

    /// The jar for a request, or nil where no cookie goes or comes.
    private func partition(_ host: String, _ topLevel: String?) -> (key: String?, Void)? {
        if engine == .cookieless { return nil }
        guard let topLevel, topLevel != host else { return (nil, ()) }
        switch engine {
        case .chromium, .permissive: return (nil, ())
        case .firefox: return (topLevel, ())
        case .chromiumBlocking, .webKit, .cookieless: return nil
        }
    }

    /// What a script of the page sees of a cookie of ours.
    func scriptSees(_ name: String, _ value: String, on host: String) -> Bool {
        jar.cookies(host: host, path: "/", partition: nil, isThirdParty: false, now: now)
            .contains { $0.name == name && $0.value == value && $0.isScriptReadable }
    }

    /// The session that this browser holds on a domain.
    func held(_ host: String) async throws -> ResolvedSession? {
        try await world.group.resolve(cookies(to: host, path: "/").session, at: world.member(host)).session
    }

    // MARK: Navigation

    /// Loads a page and follows redirects to its end.
    func navigate(
        _ address: String, _ initiator: Initiator = .typed, method: String = "GET", change: AppChange = .none
    ) async throws -> Page {
        var address = address
        var method = method
        var change = change
        var hasCrossed = false
        var mayRefer = true
        var passed: [String] = []
        while true {
            guard passed.count <= longestChain else { throw TooManyRedirects(addresses: passed) }
            guard let site = Site(url: address) else { throw UnexpectedAnswer(address: address, status: 0, body: "") }
            let host = site.host
            let target = "/" + address.dropFirst(site.origin.utf8.count).drop { $0 == "/" }
            var fetch = Visit.FetchMetadata()
            fetch.mode = .navigate
            fetch.dest = .document
            fetch.hasClientHints = engine.isChromium
            var referer: String?
            switch initiator {
            case .typed: fetch.site = .user
            case .page(let from), .quiet(let from):
                if from != host { hasCrossed = true }
                fetch.site = hasCrossed ? .crossSite : .sameOrigin
                if case .page = initiator, mayRefer { referer = "https://\(from)/" }
            }
            let path = String(target.prefix { $0 != "?" })
            let visit = Visit(
                site: site, method: method, target: target, fetch: fetch, cookies: cookies(to: host, path: path),
                referer: referer, acceptsPage: true)
            let served = try await serve(visit, path: path, change: change)
            switch served {
            case .page(var page):
                page.redirects = passed
                return page
            case .redirect(let location, let answer):
                passed.append(location)
                address = location
                method = "GET"
                if answer.first("Referrer-Policy") == "no-referrer" { mayRefer = false }
            case .appRedirect(let location):
                passed.append(location)
                address = location
                method = "GET"
                change = .none
            }
        }
    }

    /// Opens a domain and lets its page's loader do its work.
    @discardableResult
    func browse(_ host: String, _ initiator: Initiator = .typed, path: String = "/") async throws -> Page {
        try await runLoader(try await navigate("https://\(host)\(path)", initiator))
    }

    /// Sends a form of a page of the domain itself.
    @discardableResult
    func act(_ host: String, _ change: AppChange) async throws -> Page {
        try await runLoader(try await navigate("https://\(host)/form", .page(host), method: "POST", change: change))
    }
}
