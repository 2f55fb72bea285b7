import Testing

@testable import Configuration

@Suite struct HostRouterTests {
    private let router: HostRouter = {
        func domain(_ pattern: HostPattern) -> Domain { Domain(pattern: pattern, upstream: .tcp(host: "a", port: 1)) }
        return HostRouter([
            Group(
                name: "a",
                domains: [
                    domain(.exact("shop.example")), domain(.wildcard("members.example")), domain(.exact("localhost")),
                    domain(.exact("127.0.0.1")), domain(.wildcard("a_b.example")),
                ], primary: "shop.example"),
            Group(
                name: "b",
                domains: [
                    domain(.exact("ada.members.example")), domain(.wildcard("eu.members.example")),
                    domain(.exact("shop.example")), domain(.wildcard("localhost")),
                ], primary: "ada.members.example"),
        ])
    }()

    @Test(arguments: [
        ("shop.example", 0, 0), ("SHOP.Example", 0, 0), ("shop.example:8080", 0, 0), ("shop.example.", 0, 0),
        ("shop.example.:443", 0, 0), ("shop.example:", 0, 0), ("localhost", 0, 2), ("LOCALHOST:1", 0, 2),
        ("127.0.0.1:80", 0, 3), ("bob.members.example", 0, 1), ("BOB.Members.example.:80", 0, 1),
        ("x_1-.members.example", 0, 1),
        ("ada.members.example", 1, 0), ("Ada.members.example", 1, 0), ("x.eu.members.example", 1, 1),
        ("a.localhost", 1, 3),
        ("eu.members.example", 0, 1), ("x.A_B.example", 0, 4),
    ])
    func hit(_ host: String, _ group: Int, _ domain: Int) throws {
        let route = try #require(router.route(host))
        #expect((route.group, route.domain) == (group, domain))
    }

    @Test(arguments: [
        "", ".", ":", ":80", "..", "members.example", "a.b.members.example", ".members.example", "shop.example..",
        "shop.example:8080:1", "shop.example:x", "shop.example:123456", "[::1]", "[::1]:80", "xshop.example",
        "hop.example",
        "shop.example ", " shop.example", "shop.example/", "shop.exampl", "shop.example\u{0}", "b b.members.example",
        "é.members.example", "shop\u{0}.example", "*.members.example", "@.members.example", "[.members.example",
        String(repeating: "a", count: 64) + ".members.example", String(repeating: "a.", count: 200) + "members.example",
        "shop,example", "shop.examplE\u{20}", "a~b.example", "127.0.0.1.",
    ])
    func miss(_ host: String) {
        let expected: Int? = host == "127.0.0.1." ? 3 : nil
        #expect(router.route(host)?.domain == expected)
    }

    @Test func onlyLettersFold() {
        // '@' and '`', '[' and '{' differ in the bit that folds letters.
        let router = HostRouter([
            Group(
                name: "a", domains: [Domain(pattern: .exact("a_.example"), upstream: .unix(path: "/"))], primary: "a")
        ])
        #expect(router.route("a_.example") != nil)
        #expect(router.route("a\u{7F}.example") == nil)
        #expect(router.route("A_.EXAMPLE") != nil)
    }

    @Test func canonicalNames() {
        func canonical(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { HostRouter.canonicalHost($0) } }
        #expect(canonical(Array("Ada.Members.Example.:80".utf8)) == "ada.members.example")
        #expect(canonical(Array("".utf8)) == nil)
        #expect(canonical([0x61, 0xFF]) == nil)
    }

    @Test func anEmptyRouterAnswers() {
        #expect(HostRouter([]).route("shop.example") == nil)
    }

    @Test func everyOneOfManyIsFound() {
        let domains = (0..<5000).map { Domain(pattern: .exact("d\($0).example"), upstream: .unix(path: "/a")) }
        let router = HostRouter([Group(name: "a", domains: domains, primary: "d0.example")])
        for index in 0..<5000 { #expect(router.route("D\(index).example:80")?.domain == index) }
        #expect(router.route("d5000.example") == nil)
    }

    @Test func anyBytesAreAnswered() {
        var random = SystemRandomNumberGenerator()
        let alphabet: [UInt8] = Array("a.:*[]\u{0}\u{FF}members.example1".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            bytes.withUnsafeBytes { raw in
                if let route = router.route(raw), route.isWildcard { #expect(HostRouter.canonicalHost(raw) != nil) }
            }
        }
    }
}
