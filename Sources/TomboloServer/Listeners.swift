internal import Configuration
internal import Logging
internal import NIOCore
internal import Proxy

#if canImport(Glibc)
    internal import Glibc
#endif

/// The listeners of a running server, kept in step with the configuration: what stays in it is not touched.
///
/// A change has two steps. Everything that can go wrong goes wrong in the first, upon which nothing has changed.
struct Listeners {
    /// Where connections come from.
    fileprivate enum Place: Hashable {
        case address(ListenAddress)
        case inherited(InheritedSockets.Socket)
    }

    /// A place, and what is spoken there.
    fileprivate struct Want {
        var place: Place
        var isSecure: Bool
        var scheme: String { isSecure ? "https" : "http" }
    }

    fileprivate struct Open {
        var want: Want
        var listener: Listener
    }

    /// A change that is ready to be made.
    struct Change {
        fileprivate var stay: [(open: Open, isSecure: Bool)] = []
        fileprivate var new: [(want: Want, socket: ListeningSocket)] = []
        fileprivate var gone: [Listener] = []
        fileprivate var hasProxyHeader = false
    }

    private let server: ProxyServer
    private let tls: TLSListener
    private let inherited: InheritedSockets
    private let file: String
    private let logger: Logger
    private var open: [Open] = []

    init(_ server: ProxyServer, tls: TLSListener, inherited: InheritedSockets, file: String, logger: Logger) {
        self.server = server
        self.tls = tls
        self.inherited = inherited
        self.file = file
        self.logger = logger
    }

    /// The names of the sockets that were passed to this process and that nothing listens on: whoever connects to one waits
    /// for ever.
    var unused: [String] {
        inherited.all.filter { socket in !open.contains { $0.want.place == .inherited(socket) } }.map(\.name)
    }

    // MARK: first step

    /// Opens what is new in a configuration, without accepting anything there.
    func prepare(_ listen: Configuration.Listen) throws(StartFailure) -> Change {
        var options = ListeningSocket.Options()
        options.isShared = listen.reusePort
        options.mode = listen.unixMode
        var change = Change()
        change.hasProxyHeader = listen.proxyProtocol
        var left = open
        for want in try wants(listen) {
            // The same port may have been given another scheme.
            let same = left.firstIndex { $0.want.place == want.place && $0.want.isSecure == want.isSecure }
            if let index = same ?? left.firstIndex(where: { $0.want.place == want.place }) {
                change.stay.append((left.remove(at: index), want.isSecure))
                continue
            }
            do {
                change.new.append((want, try Self.socket(for: want.place, options)))
            } catch {
                for (_, socket) in change.new { socket.discard() }
                throw failure(want, error)
            }
        }
        change.gone = left.map(\.listener)
        return change
    }

    private func wants(_ listen: Configuration.Listen) throws(StartFailure) -> [Want] {
        var claimed: Set<String> = []
        for case .systemd(.some(let name)) in listen.http + listen.https { claimed.insert(name) }
        var wants: [Want] = []
        for (addresses, isSecure) in [(listen.http, false), (listen.https, true)] {
            for address in addresses {
                guard case .systemd(let name) = address else {
                    wants.append(Want(place: .address(address), isSecure: isSecure))
                    continue
                }
                for socket in try inherited.sockets(named: name, claimed: claimed) {
                    wants.append(Want(place: .inherited(socket), isSecure: isSecure))
                }
            }
        }
        return wants
    }

    private static func socket(for place: Place, _ options: ListeningSocket.Options) throws -> ListeningSocket {
        switch place {
        case .inherited(let socket): try ListeningSocket(inheriting: socket.descriptor)
        case .address(let address): try ListeningSocket(socketAddress(address), options)
        }
    }

    /// The address for the system's calls.
    static func socketAddress(_ address: ListenAddress) throws -> SocketAddress {
        switch address {
        case .tcp(let host, let port): try .makeAddressResolvingHost(host, port: port)
        case .unix(let path): try SocketAddress(unixDomainSocketPath: path)
        // `[listen]` puts the sockets in its place before, `[internal]` does not take it.
        case .systemd: throw IOError(errnoCode: EINVAL, reason: "systemd")
        }
    }

    private func failure(_ want: Want, _ error: any Error) -> StartFailure {
        switch want.place {
        case .address(let address):
            return StartFailure(listeningOn: address, error, key: "[listen] \(want.scheme)", file: file)
        case .inherited(let socket):
            return StartFailure(
                """
                cannot listen on systemd:\(socket.name): \(StartFailure.reason(error))
                    It has to be a stream socket that listens: ListenStream= and Accept=no in the .socket unit.
                """)
        }
    }

    // MARK: second step

    /// Accepts at what is new, and no longer at what is gone.
    mutating func apply(_ change: Change) async throws {
        open = change.stay.map { stay in
            stay.open.listener.mode = mode(stay.isSecure, change)
            return Open(want: Want(place: stay.open.want.place, isSecure: stay.isSecure), listener: stay.open.listener)
        }
        var failure: (any Error)?
        for (want, socket) in change.new {
            do {
                let listener = try await server.listen(on: socket, mode: mode(want.isSecure, change))
                open.append(Open(want: want, listener: listener))
                logger.notice(
                    "listening", metadata: ["address": "\(socket.address.described(scheme: want.scheme))"])
            } catch {
                failure = failure ?? self.failure(want, error)
            }
        }
        for listener in change.gone {
            logger.notice("no longer listening", metadata: ["address": "\(listener.socket.address)"])
            do {
                try await server.stop(listener)
            } catch let error {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func mode(_ isSecure: Bool, _ change: Change) -> ListenerMode {
        ListenerMode(tls: isSecure ? tls : nil, hasProxyHeader: change.hasProxyHeader)
    }
}

extension SocketAddress {
    func described(scheme: String) -> String {
        switch self {
        case .v4: "\(scheme)://\(ipAddress ?? "?"):\(port ?? 0)"
        case .v6: "\(scheme)://[\(ipAddress ?? "?")]:\(port ?? 0)"
        case .unixDomainSocket: "unix:\(pathname ?? "") (\(scheme))"
        }
    }
}
