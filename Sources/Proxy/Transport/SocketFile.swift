import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file by which a Unix socket is found. It outlives its process if nobody removes it, so it is removed at the end,
/// and one that was left behind is recognised by nobody answering.
struct SocketFile: Sendable {
    /// Where clients look for it.
    private let path: String
    /// Where it is until it can be used; the same, unless it takes the place of another.
    private let boundPath: String
    private let device: UInt64
    private let inode: UInt64

    /// Binds a socket to a path.
    ///
    /// - Parameters:
    ///   - mode: of the file, which is never more accessible than that, not even for a moment.
    ///   - takingOver: whether another that is in use may be replaced.
    static func bind(_ descriptor: CInt, to path: String, mode: UInt32, takingOver: Bool) throws -> SocketFile {
        let boundPath = takingOver ? path + ".new" : path
        let address = try SocketAddress(unixDomainSocketPath: boundPath)
        // The file gets the mode of the socket, less what the umask takes.
        try ListeningSocket.check(fchmod(descriptor, mode), "fchmod")
        do {
            try ListeningSocket.bind(descriptor, address)
        } catch let error as IOError where error.errnoCode == EADDRINUSE && isAbandoned(boundPath, address) {
            unlink(boundPath)
            try ListeningSocket.bind(descriptor, address)
        }
        var info = stat()
        guard chmod(boundPath, mode) == 0, lstat(boundPath, &info) == 0 else {
            let error = IOError(errnoCode: errno, reason: "chmod")
            unlink(boundPath)
            throw error
        }
        return SocketFile(
            path: path, boundPath: boundPath, device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
    }

    /// Whether the file is a socket that nobody listens to.
    private static func isAbandoned(_ path: String, _ address: SocketAddress) -> Bool {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK else { return false }
        // Must not wait for somebody who does not accept.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let probe = socket(AF_UNIX, kind, 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        let result = address.withSockAddr { connect(probe, $0, socklen_t($1)) }
        return result != 0 && errno == ECONNREFUSED
    }

    /// Puts the socket where clients look for it, in place of what is there.
    func publish() throws {
        if boundPath != path { try ListeningSocket.check(rename(boundPath, path), "rename") }
    }

    /// Removes the file, unless another process has put its own there.
    func remove() {
        for place in Set([path, boundPath]) {
            var info = stat()
            guard lstat(place, &info) == 0, UInt64(info.st_dev) == device, UInt64(info.st_ino) == inode else {
                continue
            }
            unlink(place)
        }
    }
}
