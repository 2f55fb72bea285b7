import Configuration
import Sessions
import Testing

@testable import CrossDomain

/// When a page is preceded by a handshake: each condition by itself, against a visit that has all of them.
@Suite struct HandshakePeerTests {
    private func peer(
        of host: String = Host.club, holding resolution: Resolution = .none,
        _ configure: (inout Group) -> Void = { _ in }, _ change: (inout Visit) -> Void = { _ in }
    ) throws -> String? {
        let world = try World(configure: configure)
        return world.group.handshakePeer(
            before: world.visit(host, change: change), at: world.member(host), holding: resolution)
    }

    @Test func firstVisitsOfASecondaryGoToThePrimary() throws {
        #expect(try peer() == Host.shop)
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.site = .crossSite
            } == Host.shop)
        #expect(try peer(of: Host.shop) == nil)
    }

    @Test(arguments: ["HEAD", "POST", "PUT", "OPTIONS", "get", ""])
    func onlyGET(_ method: String) throws {
        #expect(
            try peer { _ in
            } _: {
                $0.method = method
            } == nil)
    }

    @Test(arguments: [.other, nil] as [Visit.FetchMetadata.Mode?])
    func onlyNavigations(_ mode: Visit.FetchMetadata.Mode?) throws {
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.mode = mode
            } == nil)
    }

    @Test(arguments: [.iframe, .frame, .object, .embed, .empty, .other, nil] as [Visit.FetchMetadata.Destination?])
    func onlyDocuments(_ dest: Visit.FetchMetadata.Destination?) throws {
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.dest = dest
            } == nil)
    }

    @Test(arguments: [.sameOrigin, .sameSite, .other, nil] as [Visit.FetchMetadata.Site?])
    func onlyFromOutside(_ site: Visit.FetchMetadata.Site?) throws {
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.site = site
            } == nil)
    }

    @Test func noPrefetchNoSecondTryNoOptOut() throws {
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.isSpeculative = true
            } == nil)
        #expect(
            try peer { _ in
            } _: {
                $0.cookies.hasTried = true
            } == nil)
        #expect(
            try peer { _ in
            } _: {
                $0.fetch.optsOut = true
            } == nil)
    }

    @Test func consentWhereItIsAskedFor() throws {
        #expect(try peer { $0.consentCookie = "consent" } == nil)
        #expect(
            try peer {
                $0.consentCookie = "consent"
            } _: {
                $0.cookies.hasConsent = true
            } == Host.shop)
    }

    @Test func noLongAddresses() throws {
        let longest = "/" + String(repeating: "a", count: 2047)
        #expect(
            try peer { _ in
            } _: {
                $0.target = longest
            } == Host.shop)
        #expect(
            try peer { _ in
            } _: {
                $0.target = longest + "a"
            } == nil)
    }

    @Test(arguments: [
        (Group.Handshake.auto, false, true), (.auto, true, false), (.navigation, false, true),
        (.navigation, true, true),
        (.loader, false, false), (.loader, true, false), (.off, false, false), (.off, true, false),
    ])
    func asConfigured(_ handshake: Group.Handshake, _ hasClientHints: Bool, _ isExpected: Bool) throws {
        let found = try peer {
            $0.handshake = handshake
        } _: {
            $0.fetch.hasClientHints = hasClientHints
        }
        #expect(found == (isExpected ? Host.shop : nil))
    }

    @Test func aLoginElsewhereIsWorthAHandshakeInChromiumToo() throws {
        func hinted(_ visit: inout Visit) { visit.fetch.hasClientHints = true }
        #expect(try peer(holding: .stale(peer: Host.germany), { _ in }, hinted) == Host.germany)
        #expect(try peer(of: Host.shop, holding: .stale(peer: Host.germany), { _ in }, hinted) == Host.germany)
        #expect(try peer(holding: .stale(peer: nil)) == Host.shop)
        #expect(try peer(holding: .stale(peer: Host.club)) == Host.shop, "the own domain is no peer")
        #expect(
            try peer(holding: .stale(peer: "gone.example")) == Host.shop, "a domain that has left the group is no peer")
        #expect(try peer(of: Host.shop, holding: .stale(peer: Host.shop)) == nil)
        for handshake in [Group.Handshake.loader, .off] {
            #expect(try peer(holding: .stale(peer: Host.germany)) { $0.handshake = handshake } == nil)
        }
    }
}
