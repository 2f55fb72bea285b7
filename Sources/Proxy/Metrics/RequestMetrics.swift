public import Metrics
internal import NIOConcurrencyHelpers
internal import NIOCore

/// What became of requests, by domain.
///
/// The domains are those of the configuration: whatever host clients ask for, the number of series stays what it is.
public final class RequestMetrics: Sendable {
    private let count: Int
    private let loops = NIOLockedValueBox<[ObjectIdentifier: Int]>([:])
    private let domains = NIOLockedValueBox<[String: DomainMetrics]>([:])
    /// Requests that came to no domain: for unknown hosts, or without a head that could be read.
    public let unknown: DomainMetrics

    /// The label of ``unknown``, which no host can be called.
    public static let unknownName = "(unknown)"

    /// Counts on so many event loops, 1 or more.
    public init(loops count: Int) {
        self.count = max(1, count)
        unknown = DomainMetrics(loops: self.count)
    }

    /// The numbers of a domain of the configuration, made when first asked for.
    func domain(_ name: String) -> DomainMetrics {
        domains.withLockedValue { domains in
            if let known = domains[name] { return known }
            let fresh = DomainMetrics(loops: count)
            domains[name] = fresh
            return fresh
        }
    }

    /// Forgets the domains that are not in the configuration any more.
    public func keep(only names: Set<String>) {
        domains.withLockedValue { domains in
            domains = domains.filter { names.contains($0.key) }
        }
    }

    /// The numbers of all domains, sorted by name; ``unknown`` comes first.
    public var all: [(name: String, metrics: DomainMetrics)] {
        let known = domains.withLockedValue { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return [(Self.unknownName, unknown)] + known
    }

    /// Which of the loops this is, for ``DomainMetrics``; to be asked once a connection. Loops beyond the number that was
    /// told share the memory of others.
    func index(of loop: any EventLoop) -> Int {
        loops.withLockedValue { loops in
            if let known = loops[ObjectIdentifier(loop)] { return known }
            let index = loops.count % count
            loops[ObjectIdentifier(loop)] = index
            return index
        }
    }
}

/// What became of the requests for one domain. Every event loop counts in memory of its own.
public final class DomainMetrics: Sendable {
    /// The counts; see ``DomainMetrics/total(_:)``.
    public enum Count: Int, CaseIterable, Sendable {
        /// Responses by the first digit of their status; `none`: the exchange ended before a head was written.
        case none, informational, success, redirect, clientError, serverError
        /// Bytes of bodies, without framing.
        case bytesIn, bytesOut

        /// The value of the label `code`; nil for those that count something else.
        public var statusClass: String? {
            switch self {
            case .none: "none"
            case .informational: "1xx"
            case .success: "2xx"
            case .redirect: "3xx"
            case .clientError: "4xx"
            case .serverError: "5xx"
            case .bytesIn, .bytesOut: nil
            }
        }
    }

    private struct Bank: Sendable {
        let counts = CounterArray(count: Count.allCases.count)
        let duration = Histogram()
        let firstByte = Histogram()
    }

    private let banks: [Bank]
    /// Failed requests by phase, fault and reason.
    public let failures = LabelledCounters(limit: 256)

    init(loops: Int) { banks = (0..<max(1, loops)).map { _ in Bank() } }

    /// Counts an exchange that is over; to be called on the loop of that index.
    func record(_ x: Exchange, _ outcome: Outcome, on loop: Int) {
        guard banks.indices.contains(loop) else { return }
        let bank = banks[loop]
        let digit = outcome.status / 100
        bank.counts.add(1...5 ~= digit ? digit : Count.none.rawValue)
        if outcome.bytesIn > 0 { bank.counts.add(Count.bytesIn.rawValue, outcome.bytesIn) }
        if outcome.bytesOut > 0 { bank.counts.add(Count.bytesOut.rawValue, outcome.bytesOut) }
        bank.duration.observe(nanoseconds: outcome.duration.nanoseconds)
        if let time = x.times.toFirstByte { bank.firstByte.observe(nanoseconds: time.nanoseconds) }
        guard outcome.fault != .none else { return }
        failures.count(x.phase.rawValue, outcome.fault.rawValue, outcome.reason ?? "unknown")
    }

    /// A count, summed over the loops.
    public func total(_ count: Count) -> Int { banks.reduce(0) { $0 &+ $1.counts[count.rawValue] } }

    /// From the head's arrival to the end of the exchange; tunnels and event streams last as long as they are open.
    public var duration: Histogram.Snapshot { sum(\.duration) }

    /// See ``ExchangeTimes/toFirstByte``.
    public var firstByte: Histogram.Snapshot { sum(\.firstByte) }

    private func sum(_ histogram: KeyPath<Bank, Histogram>) -> Histogram.Snapshot {
        banks.reduce(into: Histogram.Snapshot()) { $0.add($1[keyPath: histogram].snapshot) }
    }
}
