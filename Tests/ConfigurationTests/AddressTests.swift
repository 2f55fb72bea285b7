import Testing

@testable import Configuration

@Suite struct AddressTests {
    @Test(arguments: ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::/0", "0.0.0.0/0", "10.128.0.0/9"])
    func networksRoundTrip(_ text: String) {
        #expect(CIDR(text)?.description == text)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0/8",
        "::/129", "2001:db8::1/32", "10.0.0.0\u{0}/8", "example", "10.0.0.0/99999999999999999999",
    ])
    func whatIsNoNetworkIsRefused(_ text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test func containment() throws {
        let ten = try #require(CIDR("10.128.0.0/9"))
        #expect(ten.contains([10, 200, 0, 1]))
        #expect(!ten.contains([10, 127, 255, 255]))
        #expect(ten.contains([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 200, 0, 1]))
        #expect(!ten.contains([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 200, 0, 1]))
        #expect(!ten.contains([10, 200, 0]))
        let one = try #require(CIDR("192.0.2.1"))
        #expect(one.prefixLength == 32)
        #expect(one.contains([192, 0, 2, 1]))
        #expect(!one.contains([192, 0, 2, 0]))
        let all = try #require(CIDR("::/0"))
        #expect(all.contains([UInt8](repeating: 9, count: 16)))
        #expect(!all.contains([1, 2, 3, 4]))
    }

    @Test func canonicalText() {
        #expect(UpstreamAddress.tcp(host: "::1", port: 80).description == "http://[::1]:80")
        #expect(UpstreamAddress.unix(path: "/run/a").description == "unix:/run/a")
        #expect(ListenAddress.tcp(host: "::", port: 8080).description == "[::]:8080")
    }
}
