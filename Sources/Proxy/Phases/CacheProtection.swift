internal import HTTPWire
internal import NIOCore

/// Keeps responses that carry somebody's cookie or ticket out of shared caches (RFC 9111 §3, §5.2.2).
enum CacheProtection {
    /// Makes the response `private`, leaving every other directive as the app has it; nothing is weakened.
    static func makePrivate(_ x: Exchange) {
        x.responseHead.removeAll(foldingTo: targeted)
        let head = x.responseHead
        if head.list(.cacheControl, contains: "no-store") || head.list(.cacheControl, contains: "private") { return }
        let value = head.fields.filter { $0.known == .cacheControl && !$0.isRemoved }.map { head.string($0.value) }
            .joined(separator: ", ")
        let kept = directives(of: value).filter {
            let name = $0.prefix { $0 != "=" }.lowercased()
            return name != "public" && name != "s-maxage" && name != "private" && !$0.isEmpty
        }
        x.responseHead.removeAll(.cacheControl)
        x.responseLines.writeString("Cache-Control: \((["private"] + kept).joined(separator: ", "))\r\n")
    }

    /// Forbids storing the response at all: its address carries a single-use ticket.
    static func forbidStoring(_ x: Exchange) {
        x.responseHead.removeAll(foldingTo: targeted)
        x.responseHead.removeAll(.cacheControl)
        x.responseHead.removeAll(.expires)
        x.responseLines.writeStaticString("Cache-Control: no-store\r\n")
    }

    /// Fields that single caches heed before `Cache-Control` (RFC 9213 and its forerunners).
    private static let targeted = FoldedNames(
        ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"]
            .map { FoldedName($0) })

    /// Splits at commas outside of quotes.
    private static func directives(of value: String) -> [String] {
        var all: [String] = []
        var current = ""
        var isQuoted = false
        for character in value {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                all.append(current.trimmingSpaces())
                current = ""
            } else {
                current.append(character)
            }
        }
        all.append(current.trimmingSpaces())
        return all
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
