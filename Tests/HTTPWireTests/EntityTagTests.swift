import HTTPWire
import Testing

@Suite struct EntityTagTests {
    private func read(_ text: String) -> EntityTag? {
        var text = text
        return text.withUTF8 { EntityTag(UnsafeRawBufferPointer($0)) }
    }

    private func list(_ text: String) -> [String]? {
        var text = text
        return text.withUTF8 { EntityTag.list(UnsafeRawBufferPointer($0)) }?.map {
            String(decoding: $0.text, as: UTF8.self)
        }
    }

    @Test(arguments: ["\"abc\"", "W/\"abc\"", "\"\"", "\"a,b\"", "\"a b\"", "\"é\"", "\"W/\""])
    func tagsAreWrittenAsTheyWereRead(text: String) throws {
        #expect(String(decoding: try #require(read(text)).text, as: UTF8.self) == text)
    }

    @Test(arguments: [
        "", "abc", "\"abc", "abc\"", "w/\"abc\"", "W/abc", "W /\"abc\"", "\"a\"b\"", "\"a\", \"b\"", "\"a\tb\"", "*",
    ])
    func whatIsNoTagIsNone(text: String) {
        #expect(read(text) == nil)
    }

    @Test func weakComparisonLooksAtTheTextAlone() throws {
        let strong = try #require(read("\"a\""))
        #expect(strong.isEquivalent(to: try #require(read("W/\"a\""))))
        #expect(!strong.isEquivalent(to: try #require(read("\"b\""))))
    }

    @Test(arguments: [
        ("\"a\"", ["\"a\""]), (" \"a\" ,W/\"b,c\"\t, \"d\" ", ["\"a\"", "W/\"b,c\"", "\"d\""]),
        (",,\"a\",,", ["\"a\""]),
        // What cannot be read ends the list.
        ("\"a\", b, \"c\"", ["\"a\""]), ("\"a\" \"b\"", ["\"a\"", "\"b\""]), ("", []), ("abc", []), ("\"a", []),
    ])
    func listsAreReadUpToTheFirstMistake(text: String, expected: [String]) {
        #expect(list(text) == expected)
    }

    @Test func anAsteriskIsNoList() {
        #expect(list("*") == nil)
        #expect(list(" * ") == nil)
    }
}
