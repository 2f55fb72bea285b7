internal import HTTPWire
internal import Logging
internal import Metrics
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Proxy
internal import TLS

/// The log of what happens to connections before they bring a request.
///
/// What any stranger can cause is told at debug level only, but for limits that are hit: of these a line a minute, with
/// what to do about it.
struct FrontLog: Sendable {
    private let logger: Logger
    private let tlsFailures: LabelledCounters
    private let nextWarning = NIOLockedValueBox<[String: NIODeadline]>([:])

    /// - Parameter tlsFailures: counts handshakes that came to nothing, by ``TLSFailure/code``.
    init(_ logger: Logger, tlsFailures: LabelledCounters) {
        self.logger = logger
        self.tlsFailures = tlsFailures
    }

    func tell(_ event: FrontEvent) {
        switch event {
        case .acceptingPaused(let reason):
            logger.error(
                "accepting pauses until something is free again: \(reason)",
                metadata: [
                    "phase": "accept", "fault": "self",
                    "remedy":
                        "raise the limit of open files (LimitNOFILE= in a systemd unit, ulimit -n) or lower [limits] connections",
                ])
        case .acceptingAgain: logger.notice("accepting again", metadata: ["phase": "accept"])
        case .refused(let client, let refusal):
            logger.debug("a connection was closed without an answer", metadata: Self.metadata(client, "\(refusal)"))
            guard let remedy = Self.remedy(refusal), isDue("\(refusal)") else { return }
            logger.warning(
                "connections are refused: \(remedy) (told once a minute)", metadata: Self.metadata(client, "\(refusal)")
            )
        }
    }

    func tell(_ failure: TLSFailure, _ client: SocketAddress?) {
        tlsFailures.count(failure.code)
        logger.debug(
            "a TLS handshake failed",
            metadata: [
                "phase": "handshake", "fault": "client", "client": "\(client?.ipAddress ?? "")", "reason": "\(failure)",
            ])
    }

    private static func metadata(_ client: SocketAddress?, _ reason: String) -> Logger.Metadata {
        ["phase": "accept", "fault": "client", "client": "\(client?.ipAddress ?? "")", "reason": "\(reason)"]
    }

    private static func remedy(_ refusal: ConnectionRefusal) -> String? {
        switch refusal {
        case .tooMany: "there are as many as [limits] connections allows"
        case .tooManyOfAddress:
            "this address has as many as [limits] connections_per_address allows; if it is a proxy's, name it in "
                + "[listen] trusted_proxies"
        case .untrustedProxy: "[listen] proxy_protocol is set, and this address is not in trusted_proxies"
        case .proxyHeader(.absent): "[listen] proxy_protocol is set, and this proxy sends no PROXY header"
        case .proxyHeader, .proxyHeaderTimeout, .proxyHeaderCutOff: nil
        }
    }

    private func isDue(_ kind: String) -> Bool {
        let now = NIODeadline.now()
        return nextWarning.withLockedValue { next in
            if let time = next[kind], now < time { return false }
            next[kind] = now + .seconds(60)
            return true
        }
    }
}
