import Testing

@testable import CrossDomain

@Suite struct QueryTests {
    @Test(arguments: [
        ("/?t=1", "/", "1"), ("/a?t=1", "/a", "1"), ("/a?b=2&t=1", "/a?b=2", "1"), ("/a?t=1&b=2", "/a?b=2", "1"),
        ("/a?b=2&t=1&c=%20+3", "/a?b=2&c=%20+3", "1"), ("/a?t=1&t=2", "/a", "1"), ("/a?t=", "/a", ""),
        ("/a?&t=1&", "/a?&", "1"), ("/a?t=a=b", "/a", "a=b"), ("/a?xt=1&t=2", "/a?xt=1", "2"),
        ("/a?b=?t=9&t=2", "/a?b=?t=9", "2"),
    ])
    func takesTheParameterOut(_ target: String, _ clean: String, _ value: String) throws {
        let found = try #require(Query.removing("t", from: target))
        #expect(found.clean == clean)
        #expect(found.value == value)
    }

    @Test(arguments: ["/", "/a", "/a?", "/a?b=1", "/a?t", "/a?T=1", "/a?%74=1", "/t=1", "/a?xt=1", "/a?x=1;t=1"])
    func leavesOtherTargetsAlone(_ target: String) {
        #expect(Query.removing("t", from: target) == nil)
    }

    @Test(arguments: [
        ("/", "/?t=v"), ("/a?", "/a?t=v"), ("/a?b=1", "/a?b=1&t=v"), ("/a?b=1&", "/a?b=1&t=v"), ("/a#f", "/a?t=v#f"),
        ("/a?b#f?g", "/a?b&t=v#f?g"), ("https://club.example", "https://club.example?t=v"),
        ("/a#f?g=1", "/a?t=v#f?g=1"),
        ("", "?t=v"),
    ])
    func addsTheParameter(_ url: String, _ longer: String) {
        #expect(Query.appending("t", "v", to: url) == longer)
    }

    @Test(arguments: ["/", "/a?b=1", "/a?b=1&c=2", "/a?b"])
    func takesOutWhatItAdded(_ target: String) throws {
        let found = try #require(Query.removing("t", from: Query.appending("t", "v", to: target)))
        #expect(found.clean == target)
        #expect(found.value == "v")
    }

    @Test(arguments: [
        "/", "/a", "/a/b?c=d//e&f=https://evil.example", "/a//b", "/%2F/evil.example", "/.//evil.example",
    ])
    func localAddresses(_ path: String) {
        #expect(Query.isLocal(path))
    }

    /// Spellings that some browser takes for another host.
    @Test(arguments: [
        "", "a", "//evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "https://evil.example",
        "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example",
        " //evil.example", "/a b", "/a\r\nSet-Cookie: a=b", "/\u{0}", "/\u{7F}", "/ä", "@evil.example", ".evil.example",
        "?a", "#a",
    ])
    func addressesThatMayLeadElsewhere(_ path: String) {
        #expect(!Query.isLocal(path))
    }

    @Test(arguments: [
        ("/?to=%2Fa%3Fb%3D1", "/a?b=1"), ("/?x=1&to=/a", "/a"), ("/?to=a+b", "a b"), ("/?to=", ""),
        ("/?to=%C3%A4", "ä"),
        ("/?to=1&to=2", "1"),
    ])
    func decodesAValue(_ target: String, _ value: String) {
        #expect(Query.value("to", of: target) == value)
    }

    @Test(arguments: ["/", "/?", "/?to", "/?to2=1", "/?to=%", "/?to=%2", "/?to=%zz", "/?to=%FF", "/to=1"])
    func refusesAValue(_ target: String) {
        #expect(Query.value("to", of: target) == nil)
    }
}
