import CLinux
public import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A socket that connections will come to: bound to its address, so that nothing can go wrong with that any more, and not
/// yet listening.
public struct ListeningSocket: Sendable {
    /// How a socket is opened.
    public struct Options: Sendable {
        /// Whether another process may have the same address, to take over from this one or the other way round: by
        /// `SO_REUSEPORT`, or, of Unix sockets, by taking the name away.
        public var isShared = false
        /// The mode of a Unix socket's file, 0 to 0o777.
        public var mode: UInt32 = 0o660

        /// Makes the defaults.
        public init() {}
    }

    /// The address it is bound to: with the port that the system chose, if that was left to it.
    public let address: SocketAddress
    let descriptor: CInt
    let isShared: Bool
    /// Whether others hold the same socket open, whose queue goes on without us.
    let isInherited: Bool
    let file: SocketFile?
    /// Whether it is a Unix socket, whose clients have no address.
    var isUnix: Bool { if case .unixDomainSocket = address { true } else { false } }

    /// Opens a socket and binds it. An IPv6 address is for IPv6 alone, `::` too, whatever the system's default is.
    ///
    /// The file of a Unix socket to which nobody listens any more is replaced.
    ///
    /// - Throws: `IOError` with what the system says, for instance that the address is in use.
    public init(_ address: SocketAddress, _ options: Options = Options()) throws {
        descriptor = try Self.check(socket(address.protocol.rawValue, Self.stream, 0), "socket")
        isShared = options.isShared
        isInherited = false
        do {
            if case .unixDomainSocket = address {
                let path = address.pathname ?? ""
                file = try SocketFile.bind(descriptor, to: path, mode: options.mode, takingOver: options.isShared)
                self.address = address
            } else {
                file = nil
                try Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR)
                if options.isShared { try Self.set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
                if case .v6 = address { try Self.set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY) }
                try Self.bind(descriptor, address)
                self.address = Self.localAddress(descriptor) ?? address
            }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// A socket that somebody else has opened and goes on holding; a copy of it is used.
    ///
    /// - Throws: `IOError` if it cannot be copied, or is none that a stream of connections can come to.
    public init(inheriting inherited: CInt) throws {
        var value: CInt = 0
        for (option, wanted) in [(SO_ACCEPTCONN, 1), (SO_TYPE, CInt(SOCK_STREAM.rawValue))] {
            var size = socklen_t(MemoryLayout<CInt>.size)
            try Self.check(getsockopt(inherited, SOL_SOCKET, option, &value, &size), "getsockopt")
            guard value == wanted else { throw IOError(errnoCode: EINVAL, reason: "not a listening stream socket") }
        }
        guard let address = Self.localAddress(inherited) else {
            throw IOError(errnoCode: EAFNOSUPPORT, reason: "getsockname")
        }
        descriptor = try Self.check(fcntl(inherited, F_DUPFD_CLOEXEC, 3), "fcntl")
        self.address = address
        isShared = false
        isInherited = true
        file = nil
    }

    /// Closes a socket that was never listened on.
    public func discard() {
        file?.remove()
        Glibc.close(descriptor)
    }

    /// Lets connections come, or wait to be accepted.
    func listen(backlog: CInt) throws {
        try Self.check(Glibc.listen(descriptor, backlog), "listen")
        try file?.publish()
        // Where the kernel cannot do this, new connections are shared between the two until the older one ends.
        if isShared, file == nil { _ = tombolo_prefer_newest(descriptor) }
    }

    /// Whether connections wait to be accepted. Only for a descriptor that is still open.
    var hasWaiting: Bool {
        var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&events, 1, 0) == 1 && events.revents & Int16(POLLIN) != 0
    }

    // MARK: - Calls

    private static let stream = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    @discardableResult
    static func check(_ result: CInt, _ call: String) throws -> CInt {
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: call) }
        return result
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt) throws {
        var value: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        try check(setsockopt(descriptor, level, option, &value, size), "setsockopt")
    }

    static func bind(_ descriptor: CInt, _ address: SocketAddress) throws {
        let result = address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
        try check(result, "bind")
    }

    /// Where a socket is bound; nil if that is no address that NIO knows.
    private static func localAddress(_ descriptor: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes -> SocketAddress? in
            guard let base = bytes.baseAddress,
                getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            switch CInt(base.assumingMemoryBound(to: sockaddr.self).pointee.sa_family) {
            case AF_INET: return SocketAddress(base.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: return SocketAddress(base.loadUnaligned(as: sockaddr_in6.self))
            case AF_UNIX: return SocketAddress(base.loadUnaligned(as: sockaddr_un.self))
            default: return nil
            }
        }
    }
}
