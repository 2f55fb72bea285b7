internal import AppCookies
internal import CrossDomain
internal import HTTPWire
internal import NIOCore

/// The cookies of a request, sorted by whose they are.
final class RequestCookies {
    /// Tombolo's own; they never reach an upstream.
    let own: Visit.Cookies
    /// What the browser itself holds of the names in custody: from before Tombolo, or set by script.
    let shared: [(name: String, value: String)]
    /// Everything else, as one header value.
    let rest: [UInt8]
    /// Whether the request's own `Cookie` lines may go on as they are.
    let isUntouched: Bool

    /// Sorts the `Cookie` lines of `head`.
    init(_ head: RequestHead, names: CookieNames) {
        var sorter = Sorter(names: names)
        sorter.isUntouched = head.count(.cookie) <= 1
        for field in head.fields where field.known == .cookie && !field.isRemoved {
            head.withValue(of: field) { sorter.sort($0) }
        }
        own = sorter.own
        shared = sorter.shared
        rest = sorter.rest
        isUntouched = sorter.isUntouched
    }

    private struct Sorter {
        let names: CookieNames
        var own = Visit.Cookies()
        var shared: [(name: String, value: String)] = []
        var rest: [UInt8] = []
        var isUntouched = true

        mutating func sort(_ value: UnsafeRawBufferPointer) {
            var kept = rest
            CookieHeader.append(value, to: &kept) { pair in
                guard let owner = names.owner(of: pair.name) else { return true }
                take(pair, owner)
                if case .consent = owner { return true }
                isUntouched = false
                return false
            }
            rest = kept
        }

        private mutating func take(_ pair: CookiePair<UnsafeRawBufferPointer>, _ owner: CookieNames.Owner) {
            func value() -> String { String(decoding: pair.value, as: UTF8.self) }
            switch owner {
            case .session: own.session.append(value())
            case .check: own.check.append(value())
            case .nonce: own.nonce.append(value())
            case .tried: own.hasTried = true
            case .consent: own.hasConsent = true
            case .otherOwn: break
            case .shared(let name):
                if !shared.contains(where: { $0.name == name }) { shared.append((name, value())) }
            }
        }
    }
}

/// The cookies of a connection's last request, sorted: nearly all of its requests bring the same.
struct CookieMemo {
    private var value: [UInt8] = []
    private var domain: AddressedDomain?
    private var cookies: RequestCookies?

    /// The cookies of `head` on this domain.
    mutating func cookies(of head: RequestHead, at domain: AddressedDomain) -> RequestCookies {
        guard head.count(.cookie) == 1, let field = head.first(.cookie) else {
            return RequestCookies(head, names: domain.names)
        }
        if let cookies, self.domain === domain, head.bytes(field.value, equal: value) { return cookies }
        let fresh = RequestCookies(head, names: domain.names)
        value = head.withValue(of: field) { Array($0) }
        self.domain = domain
        cookies = fresh
        return fresh
    }
}

/// Whose cookie a name is, on one domain.
struct CookieNames {
    enum Owner {
        case session, check, nonce, tried, consent
        /// One of ours that means nothing here: the session cookie's name under another prefix, the loader's mark.
        case otherOwn
        /// The app's, in custody.
        case shared(String)
    }

    private let table: [(name: [UInt8], owner: Owner)]
    /// Bit n is set if a name has n bytes, the last one for all greater lengths: most cookies are nobody's here.
    private let lengths: UInt64

    init(_ cookies: SessionCookies, shared: [String], consent: String?) {
        var table: [(name: [UInt8], owner: Owner)] = [
            (Array(cookies.sessionName.utf8), .session), (Array(cookies.checkName.utf8), .check),
            (Array(cookies.nonceName.utf8), .nonce), (Array(cookies.triedName.utf8), .tried),
            (Array(cookies.dueName.utf8), .otherOwn),
        ]
        for prefix in ["", "__Host-", "__Secure-"] where prefix + cookies.base != cookies.sessionName {
            table.append((Array((prefix + cookies.base).utf8), .otherOwn))
        }
        for name in shared { table.append((Array(name.utf8), .shared(name))) }
        if let consent { table.append((Array(consent.utf8), .consent)) }
        self.table = table
        lengths = table.reduce(0) { $0 | Self.bit($1.name.count) }
    }

    private static func bit(_ length: Int) -> UInt64 { 1 &<< UInt64(min(length, 63)) }

    /// Whose cookie this is; nil for the app's own business.
    func owner(of name: some RandomAccessCollection<UInt8>) -> Owner? {
        guard lengths & Self.bit(name.count) != 0 else { return nil }
        return table.first { $0.name.count == name.count && $0.name.elementsEqual(name) }?.owner
    }
}
