import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Asks the system for the addresses of a name. It may take its time, so no event loop does it itself.
enum NameLookup {
    /// Why a name has no addresses.
    struct Failure: Error {
        /// What the system says of it.
        let reason: String
    }

    /// Enough that a few names whose servers are dead, which take ten seconds each, do not hold up all others.
    private static let threads = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    /// The addresses of `host`, in the order of the system's preference (RFC 6724).
    static func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        threads.runIfActive(eventLoop: loop) { try addresses(of: host, port: port) }
    }

    private static func addresses(of host: String, port: Int) throws(Failure) -> [SocketAddress] {
        var hints = addrinfo()
        #if canImport(Darwin) || canImport(Musl)
            hints.ai_socktype = SOCK_STREAM
        #else
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0 else {
            throw Failure(reason: gai_strerror(status).map { String(cString: $0) } ?? "error \(status)")
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = socketAddress(entry), !found.contains(address) else { continue }
            found.append(address)
        }
        guard !found.isEmpty else { throw Failure(reason: "it has no address") }
        return found
    }

    private static func socketAddress(_ entry: addrinfo) -> SocketAddress? {
        guard let bytes = entry.ai_addr else { return nil }
        return switch entry.ai_family {
        case AF_INET: bytes.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
        case AF_INET6: bytes.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
        default: nil
        }
    }
}
