import NIOCore
import Testing

@testable import Proxy

/// A balancer whose calls `#expect` can make: it does not take calls that change a value.
private final class Subject {
    private var balancer = Balancer()
    var aside: [UpstreamEndpoint] { balancer.aside }

    func replace(with endpoints: [(endpoint: UpstreamEndpoint, isSpare: Bool)]) { balancer.replace(with: endpoints) }
    func contains(_ endpoint: UpstreamEndpoint) -> Bool { balancer.contains(endpoint) }
    func answered(_ endpoint: UpstreamEndpoint) -> Bool { balancer.answered(endpoint) }
    func pick(now: NIODeadline, tried: [UpstreamEndpoint] = []) -> UpstreamEndpoint? {
        balancer.pick(now: now, tried: tried)
    }
    func unreachable(_ endpoint: UpstreamEndpoint, now: NIODeadline, jitter: Double) -> Bool {
        balancer.unreachable(endpoint, now: now, jitter: jitter)
    }
    func broke(_ endpoint: UpstreamEndpoint, now: NIODeadline, jitter: Double) -> Bool {
        balancer.broke(endpoint, now: now, jitter: jitter)
    }
}

@Suite("Choosing among the addresses of an upstream")
struct BalancerTests {
    private let start = NIODeadline.uptimeNanoseconds(1)

    private func endpoint(_ number: Int) throws -> UpstreamEndpoint {
        let host = "192.0.2.\(number)"
        return UpstreamEndpoint(
            address: .tcp(host: host, port: 80), socket: try SocketAddress(ipAddress: host, port: 80))
    }

    private func balancer(_ count: Int, spares: Int = 0) throws -> Subject {
        let balancer = Subject()
        balancer.replace(with: try (1...(count + spares)).map { (try endpoint($0), $0 > count) })
        return balancer
    }

    private func picks(_ balancer: Subject, _ count: Int, at time: NIODeadline) -> String {
        (0..<count).map { _ in balancer.pick(now: time)?.socket.ipAddress.map { String($0.suffix(1)) } ?? "-" }.joined()
    }

    @Test("in turn") func turns() throws {
        let balancer = try balancer(3)
        #expect(picks(balancer, 7, at: start) == "1231231")
    }

    @Test("what has been tried is not tried again") func tried() throws {
        let balancer = try balancer(3)
        let (one, two, three) = (try endpoint(1), try endpoint(2), try endpoint(3))
        #expect(balancer.pick(now: start, tried: [one]) == two)
        #expect(balancer.pick(now: start, tried: [one, two]) == three)
        #expect(balancer.pick(now: start, tried: [one, two, three]) == nil)
        let only = try self.balancer(1)
        #expect(only.pick(now: start) == one)
        #expect(only.pick(now: start, tried: [one]) == nil)
        let none = Subject()
        #expect(none.pick(now: start) == nil)
    }

    @Test("refused: aside for a second, then one request decides; the pauses grow up to a minute") func aside() throws {
        let balancer = try balancer(2)
        let one = try endpoint(1)
        var now = start
        #expect(balancer.unreachable(one, now: now, jitter: 1))
        #expect(balancer.aside == [one])
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            now = now + .seconds(Int64(pause)) - .nanoseconds(1)
            #expect(picks(balancer, 4, at: now) == "2222")
            now = now + .nanoseconds(1)
            #expect(picks(balancer, 4, at: now).filter { $0 == "1" } == "1", "one trial, and one only")
            #expect(!balancer.unreachable(one, now: now, jitter: 1), "that is no news")
        }
        now = now + .seconds(60)
        #expect(picks(balancer, 2, at: now).contains("1"))
        #expect(balancer.answered(one))
        #expect(!balancer.answered(one))
        #expect(balancer.aside == [])
        #expect(["1212", "2121"].contains(picks(balancer, 4, at: now)))
        #expect(balancer.unreachable(one, now: now, jitter: 1))
        #expect(picks(balancer, 4, at: now + .seconds(1)).contains("1"), "the first pause is a second again")
    }

    @Test("a trial that comes to nothing is followed by another, a pause later") func lostTrial() throws {
        let balancer = try balancer(2)
        _ = balancer.unreachable(try endpoint(1), now: start, jitter: 1)
        #expect(picks(balancer, 3, at: start + .seconds(1)).filter { $0 == "1" } == "1")
        #expect(picks(balancer, 3, at: start + .milliseconds(2_900)) == "222")
        #expect(picks(balancer, 3, at: start + .seconds(3)).contains("1"))
    }

    @Test("jitter: between half of a pause and all of it") func jitter() throws {
        for (jitter, end) in [(0.0, 500), (0.5, 750), (1.0, 1_000), (7.0, 1_000), (-1.0, 500)] as [(Double, Int64)] {
            let balancer = try balancer(2)
            _ = balancer.unreachable(try endpoint(1), now: start, jitter: jitter)
            #expect(picks(balancer, 2, at: start + .milliseconds(end) - .nanoseconds(1)) == "22")
            #expect(picks(balancer, 2, at: start + .milliseconds(end)).contains("1"))
        }
    }

    @Test("three broken responses in a row put aside, two do not") func broken() throws {
        let balancer = try balancer(2)
        let one = try endpoint(1)
        #expect(!balancer.broke(one, now: start, jitter: 1))
        #expect(!balancer.broke(one, now: start, jitter: 1))
        #expect(!balancer.answered(one))
        #expect(!balancer.broke(one, now: start, jitter: 1))
        #expect(!balancer.broke(one, now: start, jitter: 1))
        #expect(balancer.broke(one, now: start, jitter: 1))
        #expect(picks(balancer, 3, at: start) == "222")
        // On trial one is enough.
        #expect(picks(balancer, 2, at: start + .seconds(1)).contains("1"))
        #expect(!balancer.broke(one, now: start + .seconds(1), jitter: 1))
        #expect(picks(balancer, 3, at: start + .milliseconds(2_900)) == "222")
    }

    @Test("attempts that were under way when an endpoint was put aside do not prolong it") func underWay() throws {
        let balancer = try balancer(2)
        let one = try endpoint(1)
        #expect(balancer.unreachable(one, now: start, jitter: 1))
        for _ in 0..<5 { #expect(!balancer.unreachable(one, now: start + .milliseconds(900), jitter: 1)) }
        #expect(picks(balancer, 2, at: start + .seconds(1)).contains("1"))
    }

    @Test("all aside: all are tried") func allAside() throws {
        let balancer = try balancer(3)
        for number in 1...3 { _ = balancer.unreachable(try endpoint(number), now: start, jitter: 1) }
        #expect(Set(picks(balancer, 3, at: start)) == ["1", "2", "3"])
        #expect(balancer.answered(try endpoint(2)))
        #expect(picks(balancer, 3, at: start) == "222")
    }

    @Test("the only endpoint is never put aside") func only() throws {
        let balancer = try balancer(1)
        for _ in 0..<9 { #expect(!balancer.unreachable(try endpoint(1), now: start, jitter: 1)) }
        for _ in 0..<9 { #expect(!balancer.broke(try endpoint(1), now: start, jitter: 1)) }
        #expect(balancer.aside == [])
    }

    @Test("spares are for when no other works") func spares() throws {
        let balancer = try balancer(2, spares: 1)
        #expect(picks(balancer, 4, at: start) == "1212")
        _ = balancer.unreachable(try endpoint(1), now: start, jitter: 1)
        #expect(picks(balancer, 2, at: start) == "22")
        _ = balancer.unreachable(try endpoint(2), now: start, jitter: 1)
        #expect(picks(balancer, 2, at: start) == "33")
    }

    @Test("other endpoints in place: those that stay are remembered") func replacing() throws {
        let balancer = try balancer(2)
        _ = balancer.unreachable(try endpoint(1), now: start, jitter: 1)
        balancer.replace(with: try [3, 1, 3].map { (try endpoint($0), false) })
        #expect(picks(balancer, 3, at: start) == "333")
        #expect(!balancer.contains(try endpoint(2)))
        balancer.replace(with: [(try endpoint(1), true)])
        #expect(balancer.aside == [], "the last one is not held back")
        #expect(picks(balancer, 2, at: start) == "11")
    }
}
