import Testing

@testable import Configuration

@Suite struct PathPatternsTests {
    private func patterns(_ texts: String...) throws -> PathPatterns {
        PathPatterns(try texts.map { text throws(PathPatternError) in try PathPatterns.Pattern(parsing: text) })
    }

    private func matches(_ pattern: String, _ path: String) throws -> Bool {
        try PathPatterns.Pattern(parsing: pattern).matches(Array(path.utf8))
    }

    @Test(arguments: [
        ("/*", "/", true), ("/*", "/a/b", true), ("/", "/", true), ("/", "/a", false), ("/a", "/a", true),
        ("/a", "/A", false), ("/a", "/a/", false), ("/a/*", "/a/", true), ("/a/*", "/a", false), ("/a*", "/a", true),
        ("/*.html", "/x/y.html", true), ("/*.html", "/x.html/y", false), ("/*a*b", "/xxaxxabxb", true),
        ("/*a*b", "/xxbxxa", false), ("/a**b", "/ab", true), ("/*/", "//", true),
        ("/ab*ba", "/aba", false), ("/ab*ba", "/abba", true), ("/%C3%BC", "/%C3%BC", true),
        ("/%C3%BC", "/%c3%bc", false),
        ("/*aab", "/aaab", true), ("/a.c", "/abc", false), ("/[ab]", "/a", false), ("/*x", "/", false),
    ])
    func matching(_ pattern: String, _ path: String, _ expected: Bool) throws {
        #expect(try matches(pattern, path) == expected)
    }

    /// The definition itself, in exponential time.
    private func matchesByDefinition(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == UInt8(ascii: "*") {
            return (path.startIndex...path.endIndex).contains {
                matchesByDefinition(pattern.dropFirst(), path[$0...])
            }
        }
        return path.first == first && matchesByDefinition(pattern.dropFirst(), path.dropFirst())
    }

    @Test func randomPatternsMatchAsDefined() throws {
        let bytes = Array("ab*/".utf8)
        for _ in 0..<5000 {
            let pattern = [UInt8(ascii: "/")] + (0..<Int.random(in: 0...7)).map { _ in bytes.randomElement() ?? 0 }
            let path = [UInt8(ascii: "/")] + (0..<Int.random(in: 0...9)).map { _ in bytes[Int.random(in: 0...1)] }
            let text = String(decoding: pattern, as: UTF8.self)
            let found = try PathPatterns.Pattern(parsing: text).matches(path)
            #expect(found == matchesByDefinition(pattern[...], path[...]), "\(text) \(path)")
        }
    }

    @Test func manyStarsCostNoMoreThanTheProduct() throws {
        let pattern = "/" + String(repeating: "a*", count: 500) + "b"
        let path = "/" + String(repeating: "a", count: 8000)
        #expect(try !matches(pattern, path))
    }

    @Test func theLastMatchDecides() throws {
        let shop = try patterns("/shop/*", "!/shop/api/*", "/shop/api/docs/*")
        #expect(shop.includes("/shop/x".utf8) && !shop.includes("/shop/api/x".utf8))
        #expect(shop.includes("/shop/api/docs/x".utf8) && !shop.includes("/other".utf8))
        let rest = try patterns("!/embed/*")
        #expect(rest.includes("/".utf8) && !rest.includes("/embed/x".utf8))
        #expect(try !patterns("!/embed/*", "/embed/ok", "!/*").includes("/embed/ok".utf8))
    }

    @Test func onAndOff() throws {
        for path in ["/", "", "*", "/a?b"] {
            #expect(PathPatterns.everywhere.includes(path.utf8) && !PathPatterns.nowhere.includes(path.utf8))
        }
        #expect(PathPatterns.everywhere.description == "on" && PathPatterns.nowhere.description == "off")
        #expect(try patterns("/*", "!/a").description == "/*,!/a")
    }

    /// `http://shop.example` without a path is asked for as `/`.
    @Test func anEmptyPathIsTheRoot() throws {
        #expect(try patterns("/").includes([]) && !patterns("!/").includes([]))
    }

    @Test(arguments: ["", "!", "a", "!a", "*", "/a b", "/a?b", "/a#", "/ü", "/a\u{7}", "/\u{200B}", " /a", "!!/a"])
    func mistakes(_ text: String) {
        #expect(throws: PathPatternError.self) { try PathPatterns.Pattern(parsing: text) }
    }
}
