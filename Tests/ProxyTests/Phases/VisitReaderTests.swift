import CrossDomain
import HTTPWire
import NIOCore
import Testing

@testable import Proxy

@Suite("Fetch metadata as it is read from a head")
struct VisitReaderTests {
    private func fetch(_ lines: String) throws -> Visit.FetchMetadata {
        var parser = RequestHeadParser(limits: HeadLimits())
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a.example\r\n\(lines)\r\n\r\n")
        let head = RequestHead()
        #expect(try parser.parse(&buffer, into: head))
        return VisitReader.fetchMetadata(head)
    }

    @Test(
        "where it comes from",
        arguments: [
            ("none", .user), ("same-origin", .sameOrigin), ("same-site", .sameSite), ("cross-site", .crossSite),
            ("SAME-ORIGIN", .other), ("same-origins", .other), ("same-origin, none", .other), ("", .other),
        ] as [(String, Visit.FetchMetadata.Site)])
    func site(_ word: String, _ site: Visit.FetchMetadata.Site) throws {
        #expect(try fetch("Sec-Fetch-Site: \(word)").site == site)
    }

    @Test(
        "what kind it is, and what for",
        arguments: [
            ("navigate", .navigate, "document", .document), ("cors", .other, "empty", .empty),
            ("no-cors", .other, "image", .other), ("nested-navigate", .other, "iframe", .iframe),
            ("websocket", .other, "frame", .frame), ("same-origin", .other, "embed", .embed),
            ("", .other, "object", .object), ("Navigate", .other, "script", .other),
        ] as [(String, Visit.FetchMetadata.Mode, String, Visit.FetchMetadata.Destination)])
    func modeAndDestination(
        _ mode: String, _ isMode: Visit.FetchMetadata.Mode, _ dest: String, _ isDest: Visit.FetchMetadata.Destination
    ) throws {
        let fetch = try fetch("Sec-Fetch-Mode: \(mode)\r\nsec-fetch-dest: \(dest)")
        #expect(fetch.mode == isMode && fetch.dest == isDest && fetch.site == nil)
    }

    @Test("the rest", arguments: [("active", true), ("inactive", false), ("none", false), ("", false)])
    func flags(_ access: String, _ isActive: Bool) throws {
        let fetch = try fetch(
            "Sec-Fetch-Storage-Access: \(access)\r\nSec-Purpose: prefetch\r\nSec-GPC: 1\r\nSec-CH-UA: \"a\"")
        #expect(fetch.hasStorageAccess == isActive)
        #expect(fetch.isSpeculative && fetch.optsOut && fetch.hasClientHints)
        #expect(try self.fetch("Accept: */*") == Visit.FetchMetadata())
    }
}
