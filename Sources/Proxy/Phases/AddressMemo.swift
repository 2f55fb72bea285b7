internal import NIOConcurrencyHelpers
internal import NIOCore

/// The domains as browsers have addressed them lately, for all connections of an event loop: what follows from an address is
/// the same for all, and larger than all else that a connection keeps of its requests. Confined to that loop.
final class AddressMemo {
    /// Whoever invents addresses does not get more remembered.
    private static let most = 32

    private var known: [AddressedDomain] = []
    private var oldest = 0

    /// What is known of an address of these routes, whichever domain it leads to.
    func domain(_ route: RoutedDomain, _ routes: Routes, scheme: String, authority: [UInt8]) -> AddressedDomain? {
        // All of them have led somewhere by the same routes.
        if let first = known.first, first.routes !== routes {
            known = []
            oldest = 0
        }
        return known.first { $0.route === route && $0.scheme == scheme && $0.authority == authority }
    }

    func keep(_ domain: AddressedDomain) {
        if known.count < Self.most { return known.append(domain) }
        known[oldest] = domain
        oldest = (oldest + 1) % Self.most
    }
}

/// The memos of all loops.
final class AddressMemos: Sendable {
    private let memos = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBoundBox<AddressMemo>]>([:])

    /// That of a loop; to be asked once a connection, on the loop.
    func memo(of loop: any EventLoop) -> AddressMemo {
        let box = memos.withLockedValue { memos in
            if let known = memos[ObjectIdentifier(loop)] { return known }
            let fresh = NIOLoopBoundBox.makeBoxSendingValue(AddressMemo(), eventLoop: loop)
            memos[ObjectIdentifier(loop)] = fresh
            return fresh
        }
        return box.value
    }
}
