import NIOConcurrencyHelpers

/// What an operator should know of the addresses of an upstream that has several.
public enum UpstreamNews: Sendable, Equatable {
    /// An address is not used for a while; why.
    case putAside(address: String, reason: String)
    /// It works again.
    case back(address: String)
}

/// Gathers what the event loops find out about endpoints, so that it is told once and not by each of them.
final class UpstreamHealth: Sendable {
    private let tell: @Sendable (UpstreamNews) -> Void
    /// How many loops have put an endpoint aside.
    private let counts = NIOLockedValueBox<[UpstreamEndpoint: Int]>([:])

    init(tell: @escaping @Sendable (UpstreamNews) -> Void) { self.tell = tell }

    func isAside(_ endpoint: UpstreamEndpoint, _ reason: String) {
        let isFirst = counts.withLockedValue { counts in
            counts[endpoint, default: 0] += 1
            return counts[endpoint] == 1
        }
        if isFirst { tell(.putAside(address: "\(endpoint)", reason: reason)) }
    }

    func isBack(_ endpoint: UpstreamEndpoint) {
        if forget(endpoint) { tell(.back(address: "\(endpoint)")) }
    }

    /// A loop has nothing to do with the endpoint any more; true if it was the last to hold it for broken.
    @discardableResult
    func forget(_ endpoint: UpstreamEndpoint) -> Bool {
        counts.withLockedValue { counts in
            guard let count = counts[endpoint] else { return false }
            counts[endpoint] = count > 1 ? count - 1 : nil
            return count == 1
        }
    }
}
