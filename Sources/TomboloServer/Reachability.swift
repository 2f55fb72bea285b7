internal import Configuration
internal import NIOCore
internal import NIOPosix
internal import Proxy

/// Which upstreams cannot be reached at the moment. That keeps nobody from starting: only their own domains suffer.
public enum Reachability {
    /// A line for each address that cannot be reached, with the domain that it belongs to. Takes some seconds at most.
    public static func warnings(about deployment: Deployment) async -> [String] {
        let configuration = deployment.configuration
        var quick = configuration.timeouts
        quick.upstreamConnect = min(quick.upstreamConnect, longest)
        let domains = configuration.groups.flatMap(\.domains)
        let upstreams = domains.map { domain in
            var upstream = Upstream(domain, timeouts: quick, tls: deployment.upstreamTLS)
            upstream.connectTimeout = min(upstream.connectTimeout, .milliseconds(longest))
            return upstream
        }
        let failures = await UpstreamProbe(group: MultiThreadedEventLoopGroup.singleton).failures(of: upstreams)
        var told: Set<Upstream.Address> = []
        return zip(domains, upstreams).flatMap { domain, upstream in
            upstream.addresses.compactMap { address in
                guard let reason = failures[address], told.insert(address).inserted else { return nil }
                let place = "\(domain.pattern) (\(domain.file):\(domain.line))"
                return "\(address) of \(place) cannot be reached now: \(reason)"
            }
        }
    }

    /// Nobody waits longer for a check, in milliseconds.
    private static let longest: Int64 = 2_000
}
