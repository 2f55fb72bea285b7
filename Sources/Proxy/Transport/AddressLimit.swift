import HTTPWire
import NIOConcurrencyHelpers
import NIOCore

/// Counts client connections by address, over all loops.
///
/// An IPv6 address counts as its /64, which is what a single customer has at the least (RFC 6177). This machine counts
/// for nothing: what is on it is a proxy, or the operator.
final class AddressLimit: Sendable {
    private let limit: Int
    private let counts = NIOLockedValueBox<[IPAddress: Int]>([:])

    /// - Parameter limit: the most connections of one address; 0 is no limit.
    init(_ limit: Int) { self.limit = limit }

    /// What an address counts as; nil if it does not count.
    func key(of address: SocketAddress?) -> IPAddress? {
        guard limit > 0, let ip = address?.ip?.unmapped else { return nil }
        guard !ip.isIPv4 else { return ip.value >> 24 == 127 ? nil : ip }
        return ip.value == 1 ? nil : IPAddress(v6: (ip.value >> 64) << 64)
    }

    /// Counts one more, unless that would be too many.
    func enter(_ key: IPAddress) -> Bool {
        counts.withLockedValue { counts in
            let count = counts[key, default: 0]
            guard count < limit else { return false }
            counts[key] = count + 1
            return true
        }
    }

    /// Counts one less.
    func leave(_ key: IPAddress) {
        counts.withLockedValue { counts in
            guard let count = counts[key] else { return }
            counts[key] = count > 1 ? count - 1 : nil
        }
    }
}
