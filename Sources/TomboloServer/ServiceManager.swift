internal import CLinux
internal import Logging
internal import Proxy

#if canImport(Glibc)
    internal import Glibc
#endif

/// Whoever supervises this process and wants to know how it is: systemd with `Type=notify` or `notify-reload`
/// (`sd_notify(3)`). Without one, nothing is said.
struct ServiceManager: Sendable {
    /// What it is told.
    enum State {
        case ready(status: String)
        case reloading
        case stopping
        case alive

        fileprivate var lines: String {
            switch self {
            case .ready(let status): "READY=1\nSTATUS=\(status)"
            // The time lets systemd tell this reload from an earlier one (notify-reload).
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds)"
            case .stopping: "STOPPING=1\nSTATUS=finishing what runs"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    private let socket: String?
    /// How long it waits for a sign of life before it takes the process for stuck; nil if it does not.
    private let patience: Duration?
    private let logger: Logger

    /// Finds it in the environment, in which it is no longer found then.
    init(logger: Logger) {
        self.logger = logger
        socket = InheritedSockets.variable("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        let isForUs = InheritedSockets.variable("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let patience = InheritedSockets.variable("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        self.patience = isForUs ? patience.map { .microseconds($0) } : nil
        for name in ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"] { unsetenv(name) }
    }

    /// Tells it. A word that does not arrive is no reason to stop.
    func tell(_ state: State) {
        guard let socket else { return }
        let error = tombolo_send_datagram(socket, state.lines)
        guard error != 0 else { return }
        logger.warning(
            "the service manager cannot be told",
            metadata: ["socket": "\(socket)", "error": "\(String(cString: strerror(error)))", "fault": "self"])
    }

    /// Gives signs of life until cancelled, each after every event loop has answered.
    func keepInformed(about server: ProxyServer) async {
        guard let patience, socket != nil else { return }
        while !Task.isCancelled {
            do {
                try await server.answer()
                tell(.alive)
                try await Task.sleep(for: patience / 2)
            } catch {
                // Cancelled, or the loops are gone: there is no more life to be shown.
                return
            }
        }
    }

    private static var monotonicMicroseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}
