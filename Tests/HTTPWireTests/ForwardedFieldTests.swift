import Testing

@testable import HTTPWire

@Suite("Forwarded (RFC 7239) and IP addresses as text")
struct ForwardedFieldTests {
    private typealias Element = ForwardedField.Element

    private func elements(_ text: String) -> [Element]? { ForwardedField(text.utf8)?.elements }

    @Test("the RFC's examples, and what proxies write")
    func valid() {
        #expect(elements("for=\"_gazonk\"") == [Element(client: "_gazonk")])
        #expect(elements("For=\"[2001:db8:cafe::17]:4711\"") == [Element(client: "2001:db8:cafe::17")])
        #expect(
            elements("for=192.0.2.60;proto=http;by=203.0.113.43") == [Element(client: "192.0.2.60", scheme: "http")])
        #expect(
            elements("for=192.0.2.43, for=198.51.100.17") == [
                Element(client: "192.0.2.43"), Element(client: "198.51.100.17"),
            ])
        #expect(elements("for=\"192.0.2.1:80\";PROTO=HTTPS") == [Element(client: "192.0.2.1", scheme: "https")])
        #expect(elements("for=\"unknown:_p\"") == [Element(client: "unknown")])
        #expect(elements("host=\"a.example:8080\";for=_a-b.c") == [Element(client: "_a-b.c", host: "a.example:8080")])
        #expect(elements("host=\"a\\.example\"") == [Element(host: "a.example")])
        #expect(elements(" , for=192.0.2.1;;ext=\"a,b;c\" ,, by=_x ") == [Element(client: "192.0.2.1"), Element()])
    }

    @Test(
        "what is none",
        arguments: [
            "", " ", ",", "for", "for=", "for=\"", "for=\"a", "for=[::1]", "for=\"::1\"", "for=\"[192.0.2.1]\"",
            "for=192.0.2.1;for=192.0.2.2", "for=192.0.2.256", "for=example.org", "for=_", "for=\"192.0.2.1:\"",
            "for=\"192.0.2.1:123456\"", "for=\"192.0.2.1 \"", "for=192.0.2.1 proto=http", "for = 192.0.2.1",
            "proto=\"ht tp\"", "proto=\"\"", "host=\"a b\"", "host=\"a,b\"", "for=192.0.2.1\u{1}", "host=\"a\u{7F}\"",
            "for=192.0.2.1, x", "for=\"192.0.2.1\"x",
        ])
    func invalid(_ text: String) { #expect(elements(text) == nil) }

    @Test("addresses: as inet_pton has them")
    func addresses() {
        #expect(IPAddress("::") == IPAddress(v6: 0))
        #expect(IPAddress("::1") == IPAddress(v6: 1))
        #expect(IPAddress("1::") == IPAddress(v6: 1 << 112))
        #expect(IPAddress("1:2:3:4:5:6:7::") == IPAddress(v6: 0x0001_0002_0003_0004_0005_0006_0007 << 16))
        #expect(IPAddress("::2:3:4:5:6:7:8") == IPAddress(v6: 0x0002_0003_0004_0005_0006_0007_0008))
        #expect(IPAddress("::ffff:192.0.2.1")?.unmapped == IPAddress(v4: 0xC000_0201))
        #expect(IPAddress("64:ff9b::192.0.2.33") == IPAddress(v6: 0x0064_ff9b << 96 | 0xC000_0221))
        #expect(IPAddress("192.0.2.1")?.bytes == [192, 0, 2, 1])
        #expect(IPAddress(networkOrder: [192, 0, 2, 1]) == IPAddress("192.0.2.1"))
        for text in [
            "", ":", ":::", "1:2:3:4:5:6:7:8::", "::1::", "1.2.3", "1.2.3.4.5", "1..2.3", "::1.2.3.4:5", "g::", "1:2",
        ] {
            #expect(IPAddress(text) == nil, "\(text)")
        }
    }
}
