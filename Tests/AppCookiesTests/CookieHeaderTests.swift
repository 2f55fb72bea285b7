import AppCookies
import Testing

@Suite("Cookie headers")
struct CookieHeaderTests {
    private func pairs(_ header: String) -> [[String]] {
        CookiePairs(Array(header.utf8)).map { pair in
            [pair.name, pair.value, pair.text].map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test("pairs")
    func reading() {
        #expect(pairs("a=1; b=2") == [["a", "1", "a=1"], ["b", "2", "b=2"]])
        #expect(pairs(" a = 1 ;b=\"2;3\"") == [["a", "1", "a = 1"], ["b", "\"2", "b=\"2"], ["", "3\"", "3\""]])
        #expect(pairs("a=1;;; ;a=2;") == [["a", "1", "a=1"], ["a", "2", "a=2"]])
        #expect(pairs("a; =b; c=") == [["", "a", "a"], ["", "b", "=b"], ["c", "", "c="]])
        #expect(pairs("a=b=c") == [["a", "b=c", "a=b=c"]])
        #expect(pairs("").isEmpty && pairs(" ; ;").isEmpty)
    }

    @Test("the first of a name is found; names are compared exactly")
    func value() {
        let header = Array("a=1; A=2; ab=3; a=4".utf8)
        #expect(CookieHeader.value(of: "a".utf8, in: header).map(Array.init) == Array("1".utf8))
        #expect(CookieHeader.value(of: "A".utf8, in: header).map(Array.init) == Array("2".utf8))
        #expect(CookieHeader.value(of: "b".utf8, in: header) == nil)
    }

    @Test("several lines become one, without what is removed and with what is added")
    func rewriting() {
        var out: [UInt8] = []
        for line in ["a=1; session=old; b = 2", "session=older; a=3; session", " ; "] {
            CookieHeader.append(Array(line.utf8), to: &out) { !$0.name.elementsEqual("session".utf8) }
        }
        CookieHeader.append(name: "session".utf8, value: "new".utf8, to: &out)
        #expect(String(decoding: out, as: UTF8.self) == "a=1; b = 2; a=3; session; session=new")
    }

    @Test("nothing left is nothing")
    func empty() {
        var out: [UInt8] = []
        CookieHeader.append(Array("a=1; b=2".utf8), to: &out) { _ in false }
        #expect(out.isEmpty)
        CookieHeader.append(name: "a".utf8, value: "".utf8, to: &out)
        #expect(out == Array("a=".utf8))
    }

    @Test("a slice of a larger buffer is read in place")
    func slices() {
        let buffer = Array("Cookie: a=1; b=2\r\n".utf8)
        let value = buffer[8..<buffer.count - 2]
        #expect(CookieHeader.value(of: "b".utf8, in: value)?.startIndex == 15)
    }
}
