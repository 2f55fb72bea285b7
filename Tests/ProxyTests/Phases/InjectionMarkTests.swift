import HTTPWire
import Testing

@testable import Proxy

@Suite struct InjectionMarkTests {
    private let mark = InjectionMark { "AbCdEfGh" }

    private func tag(_ opaque: String, isWeak: Bool = false) -> EntityTag {
        EntityTag(isWeak: isWeak, opaque: Array(opaque.utf8))
    }

    @Test(arguments: ["abc", "", "-tombolo-s", "-tombolo-", "a,b", "x-tombolo-w-AbCdEfGh", "é"], [false, true])
    func everyTagOfAnAppComesBack(opaque: String, isPinned: Bool) {
        for isWeak in [false, true] {
            let given = tag(opaque, isWeak: isWeak)
            let marked = mark.marked(given, isPinned: isPinned)
            #expect(marked.isWeak && marked.opaque != given.opaque)
            #expect(mark.meaning(of: marked) == .appTag(given))
        }
    }

    @Test func datesMakeTagsOfTheirOwn() {
        let first = mark.marked(lastModified: "Sat, 21 Nov 2026 10:00:00 GMT".utf8, isPinned: false)
        let second = mark.marked(lastModified: "Sat, 21 Nov 2026 10:00:01 GMT".utf8, isPinned: false)
        #expect(first != second)
        #expect(mark.meaning(of: first) == .appDate)
        #expect(first.opaque.allSatisfy { $0 != 0x22 && $0 > 0x20 && $0 < 0x7F })
    }

    @Test func pagesPinnedToAnotherLoaderAreForeign() {
        let other = InjectionMark { "another1" }
        #expect(other.meaning(of: mark.marked(tag("abc"), isPinned: true)) == .foreign)
        #expect(other.meaning(of: mark.marked(tag("abc"), isPinned: false)) == .appTag(tag("abc")))
    }

    @Test func theLoaderIsAskedForOnlyWherePagesArePinned() {
        let unused = InjectionMark {
            Issue.record("nobody needs the loader's digest here")
            return ""
        }
        #expect(unused.meaning(of: unused.marked(tag("abc"), isPinned: false)) == .appTag(tag("abc")))
        #expect(unused.meaning(of: tag("abc", isWeak: true)) == .foreign)
    }

    @Test(arguments: [
        "abc", "", "-tombolo-", "abc-tombolo-x", "abc-tombolo-sx", "abc-tombolo-s-", "abc-tombolo-s-ABCDEFGH",
    ])
    func othersAreForeign(opaque: String) {
        #expect(mark.meaning(of: tag(opaque, isWeak: true)) == .foreign)
        // A strong tag is none of ours, whatever it says.
        #expect(mark.meaning(of: tag(opaque + "-tombolo-s")) == .foreign)
    }
}
