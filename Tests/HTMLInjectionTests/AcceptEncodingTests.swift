import HTMLInjection
import NIOCore
import Testing

@Suite("Accept-Encoding")
struct AcceptEncodingTests {
    /// What the upstream is told; `nil`: the client's own lines.
    private func told(_ lines: [String]) -> String? {
        var accepted = AcceptEncoding()
        for line in lines { ByteBuffer(string: line).withUnsafeReadableBytes { accepted.take($0) } }
        var out = ByteBuffer()
        guard accepted.write(into: &out) else {
            #expect(out.readableBytes == 0)
            return nil
        }
        let text = String(buffer: out)
        #expect(text.hasPrefix("Accept-Encoding: ") && text.hasSuffix("\r\n"))
        // CR and LF are one character.
        return String(text.dropFirst("Accept-Encoding: ".count).dropLast())
    }

    @Test(
        "what clients send, and what upstreams are told",
        arguments: [
            // Browsers.
            ("gzip, deflate, br, zstd", "gzip, deflate;q=0.9, br;q=0.8, zstd;q=0.7"),
            ("gzip, deflate, br", "gzip, deflate;q=0.9, br;q=0.8"),
            ("gzip, deflate", "gzip, deflate;q=0.9"),
            ("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("deflate", "deflate"),
            // gzip first, the rest in the client's order.
            ("zstd, br, gzip", "gzip, zstd;q=0.9, br;q=0.8"),
            ("br;q=0.2, zstd;q=0.8, deflate;q=0.5", "zstd, deflate;q=0.9, br;q=0.8"),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip, br;q=0.9, zstd;q=0.8, deflate;q=0.7"),
            ("br, br;q=0, br;q=0.1", "br"),
            // What is refused or unknown does not come through.
            ("gzip;q=0, br", "br"), ("gzip;q=0.000, br", "br"), ("x-gzip", "gzip"), ("X-GZip;Q=0.3", "gzip"),
            ("compress, gzip, aws-chunked", "gzip"), ("gzip;q=0.001", "gzip"), ("gzip;q=0;q=1, br", "br"),
            ("gzip;q=zero, br", "br"), ("gzip;q=, br", "br"), ("gzip;q=-1, br", "br"), ("gzip;q=1e3, br", "br"),
            ("gzip;level=9", "gzip"), ("gzip;level=9;q=0, br", "br"), ("gzip;q=2", "gzip"),
            ("gzip;q=99999999999999999999999999", "gzip"), ("gzip;q=0.0009, br", "br"),
            // Whitespace and empty members.
            (" , gzip\t ; q = 0.5 ,, br ,", "gzip, br;q=0.9"), ("GZIP,BR", "gzip, br;q=0.9"), ("gzip br", "identity"),
            // The wildcard stands for what is not named.
            ("*", "gzip, zstd;q=0.9, br;q=0.8, deflate;q=0.7"), ("*, gzip;q=0", "zstd, br;q=0.9, deflate;q=0.8"),
            ("*;q=0, gzip", "gzip, identity;q=0"), ("*;q=0, br, identity", "br"),
            // No coding at all.
            ("", "identity"), ("identity", "identity"), ("compress", "identity"), ("identity;q=0.5, *;q=0", "identity"),
            ("identity, gzip;q=0.5", "identity"), ("identity;q=0.5, gzip", "gzip"), ("identity, gzip", "gzip"),
            ("gzip, identity;q=0", "gzip, identity;q=0"), ("br, gzip, identity; q=0.0", "gzip, br;q=0.9, identity;q=0"),
        ])
    func table(_ sent: String, _ expected: String) {
        #expect(told([sent]) == expected)
        // Several lines are one list (RFC 9110 §5.3).
        #expect(told(sent.split(separator: ",", omittingEmptySubsequences: false).map(String.init)) == expected)
    }

    @Test("a client that accepts nothing of ours speaks for itself", arguments: ["*;q=0", "compress, identity;q=0"])
    func unknown(_ sent: String) { #expect(told([sent]) == nil) }

    @Test("random bytes: one line, of known words", arguments: 0..<20)
    func randomBytes(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let words = ["gzip", "br", "zstd", "deflate", "identity", "*", ";q=", "0", ".", "1", ",", " ", ";", "=", "x-"]
        for _ in 0..<200 {
            let count = Int.random(in: 0...12, using: &random)
            let sent = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined()
            guard let line = told([sent]) else { continue }
            let names = line.split(separator: ", ").map { String($0.prefix { $0 != ";" }) }
            #expect(!names.isEmpty && Set(names).count == names.count)
            #expect(Set(names).isSubset(of: ["gzip", "br", "zstd", "deflate", "identity"]), "\(sent)")
            if names.contains("gzip") { #expect(names[0] == "gzip") }
        }
    }
}
