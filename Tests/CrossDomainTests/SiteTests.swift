import Testing

@testable import CrossDomain

@Suite struct SiteTests {
    @Test(arguments: [
        ("https://shop.example", "https://shop.example"), ("HTTPS://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"), ("http://shop.example:80/a", "http://shop.example"),
        ("https://shop.example:8443/a?b#c", "https://shop.example:8443"),
        ("https://shop.example:/", "https://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"), ("https://shop.example?x", "https://shop.example"),
        ("https://shop.example#x", "https://shop.example"),
        ("https://shop.example\\@evil.example", "https://shop.example"),
        ("https://shop.example:65535", "https://shop.example:65535"),
    ])
    func readsURLs(_ url: String, _ origin: String) throws {
        #expect(try #require(Site(url: url)).origin == origin)
    }

    @Test(arguments: [
        "", "null", "shop.example", "//shop.example", "/a", "https:", "https:/", "https://", "https:///a",
        "https://:443",
        "https:shop.example", "https:\\\\shop.example", "ftp://shop.example", "javascript://shop.example", "data:,a",
        "https://a@shop.example", "https://shop.example@evil.example", "https://shop.example:65536",
        "https://shop.example:123456", "https://shop.example:+80", "https://shop.example:8a", "https://shop.example:-1",
        "https://[::1]", "https://[::1]:443", "https://a:b:1", " https://shop.example",
    ])
    func refusesWhatIsNoSite(_ url: String) {
        #expect(Site(url: url) == nil)
    }

    @Test(
        arguments: [
            ("shop.example", nil), ("SHOP.example:443", nil), ("shop.example:8443", 8443), ("shop.example:", nil),
            ("shop.example:80", 80),
        ] as [(String, Int?)])
    func readsAuthorities(_ authority: String, _ port: Int?) throws {
        let site = try #require(Site(scheme: "https", authority: authority))
        #expect(site == Site(scheme: "https", host: "shop.example", port: port))
    }

    @Test func siblingsAreReachedTheSameWay() throws {
        let site = try #require(Site(url: "http://shop.localhost:8080"))
        #expect(site.sibling("club.localhost").origin == "http://club.localhost:8080")
        #expect(Site(scheme: "https", host: "a", port: 443).sibling("b").origin == "https://b")
    }

    /// Only exact serialisations of the group's own origins are allowed in by CORS.
    @Test(arguments: [
        "https://shop.example:443", "https://SHOP.example", "https://shop.example/", "https://shop.example.",
        "http://shop.example", "https://shop.example:8443", "https://evil.example", "https://evilshop.example",
        "https://shop.example.evil.example", "https://members.example", "https://a.b.members.example",
        "https://.members.example", "null", "", "shop.example", "https://shop.example https://evil.example",
    ])
    func foreignOriginsAreNoneOfTheGroup(_ origin: String) throws {
        let world = try World()
        #expect(world.group.groupSite(origin: origin, seenFrom: world.member(Host.shop).site) == nil)
    }

    @Test(arguments: ["https://shop.example", "https://club.example", "https://ada.members.example"])
    func originsOfTheGroup(_ origin: String) throws {
        let world = try World()
        #expect(world.group.groupSite(origin: origin, seenFrom: world.member(Host.shop).site)?.origin == origin)
        #expect(world.group.groupSite(origin: nil, seenFrom: world.member(Host.shop).site) == nil)
    }
}
