import HTTPWire
import NIOCore
import Testing

@testable import Proxy

@Suite("Connections per address")
struct AddressLimitTests {
    private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 1) }

    @Test("what counts as one: an IPv4 address however it came, an IPv6 /64; this machine counts for nothing")
    func keys() throws {
        let limit = AddressLimit(1)
        #expect(try limit.key(of: address("192.0.2.1")) == limit.key(of: address("::ffff:192.0.2.1")))
        #expect(try limit.key(of: address("192.0.2.1")) != limit.key(of: address("192.0.2.2")))
        #expect(try limit.key(of: address("2001:db8:0:1::1")) == limit.key(of: address("2001:db8:0:1:f:f:f:f")))
        #expect(try limit.key(of: address("2001:db8:0:1::1")) != limit.key(of: address("2001:db8:0:2::1")))
        for own in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] {
            #expect(try limit.key(of: address(own)) == nil)
        }
        #expect(try limit.key(of: SocketAddress(unixDomainSocketPath: "/a")) == nil)
        #expect(try AddressLimit(0).key(of: address("192.0.2.1")) == nil)
    }

    @Test("places are taken and given back, and an address that holds none is forgotten")
    func counting() throws {
        let limit = AddressLimit(2)
        let key = try #require(try limit.key(of: address("192.0.2.1")))
        #expect(limit.enter(key) && limit.enter(key) && !limit.enter(key))
        limit.leave(key)
        #expect(limit.enter(key) && !limit.enter(key))
        limit.leave(key)
        limit.leave(key)
        limit.leave(key)
        #expect(limit.enter(key) && limit.enter(key) && !limit.enter(key))
    }

    @Test("an IPv4 address that came to an IPv6 socket is told as what it is")
    func unmapped() throws {
        #expect(try address("::ffff:192.0.2.1").unmapped == address("192.0.2.1"))
        #expect(try address("2001:db8::1").unmapped == address("2001:db8::1"))
    }
}
