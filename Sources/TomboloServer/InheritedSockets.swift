internal import Configuration

#if canImport(Glibc)
    internal import Glibc
#endif

/// The sockets that whoever started this process has opened for it: what systemd's socket activation does
/// (`sd_listen_fds(3)`). They outlive the process, so that the next one goes on with the same queue of connections.
struct InheritedSockets: Sendable {
    /// One of them.
    struct Socket: Sendable, Hashable {
        /// What `FileDescriptorName=` says; by default systemd takes the name of the unit.
        var name: String
        var descriptor: CInt
    }

    let all: [Socket]

    /// Takes them over from the environment, in which they are no longer found then: they are not for the processes that
    /// this one may start.
    static func take() -> InheritedSockets {
        let (process, count) = (variable("LISTEN_PID"), variable("LISTEN_FDS"))
        let names = variable("LISTEN_FDNAMES")?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        // The descriptors are for this very process, and not for one whose environment was passed on.
        guard process == String(getpid()), let count = count.flatMap({ CInt($0) }), (1...4096).contains(count) else {
            return InheritedSockets(all: [])
        }
        return InheritedSockets(
            all: (0..<count).map { index in
                let descriptor = 3 + index
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                let position = Int(index)
                return Socket(
                    name: position < names.count ? String(names[position]) : "unknown", descriptor: descriptor)
            })
    }

    /// Those that a listener of the configuration means.
    ///
    /// - Parameter claimed: the names that others ask for, which `systemd` without a name leaves to them.
    func sockets(named name: String?, claimed: Set<String>) throws(StartFailure) -> [Socket] {
        guard !all.isEmpty else {
            throw StartFailure(
                """
                cannot listen on systemd\(name.map { ":\($0)" } ?? ""): no socket was passed to this process
                    Start it by a .socket unit (systemctl start tombolo.socket), or write an address like "0.0.0.0:8080".
                """)
        }
        let found = all.filter { socket in
            if let name { socket.name == name } else { !claimed.contains(socket.name) }
        }
        guard !found.isEmpty else {
            let names = all.map(\.name).joined(separator: ", ")
            throw StartFailure(
                """
                cannot listen on systemd\(name.map { ":\($0)" } ?? ""): no socket that was passed to this process is left \
                for it; their names are: \(names)
                    Names come from FileDescriptorName= in the .socket units.
                """)
        }
        return found
    }

    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
