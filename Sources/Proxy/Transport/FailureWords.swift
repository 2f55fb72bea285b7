import HTTPWire
import NIOCore
import TLS

extension ErrorPages {
    /// The status, words and fault for a failure of the transport.
    public static func problem(for failure: TransportFailure) -> Problem {
        switch failure {
        case .badRequest(let error):
            Problem(
                status: error.status, code: "bad_request",
                message: "The request cannot be understood: \(error.kind).", fault: .client)
        case .methodNotAllowed:
            Problem(
                status: 405, code: "method_not_allowed", message: "CONNECT is not offered here.", fault: .client)
        case .requestTimeout(let after):
            Problem(
                status: 408, code: "request_timeout",
                message: "The request did not arrive within \(seconds(after)).", fault: .client)
        case .bodyTooSlow(let after, let rate):
            Problem(
                status: 408, code: "body_too_slow",
                message: "The request's body came too slowly: \(pace(rate)) for \(seconds(after)).", fault: .client)
        case .clientTooSlow(let after, let rate):
            Problem(
                status: 408, code: "client_too_slow",
                message: "The answer was taken too slowly: \(pace(rate)) for \(seconds(after)).", fault: .client)
        case .clientLeft:
            Problem(
                status: 502, code: "client_closed",
                message: "The application ended the exchange when the client ended its side of the connection.",
                fault: .client)
        case .bodyTooLarge(let limit):
            Problem(
                status: 413, code: "body_too_large",
                message: "The request's body is larger than the limit of \(limit) bytes.",
                hint: "If this is wanted, raise the limit on the request body in the configuration.", fault: .client)
        case .unknownHost(let host):
            Problem(
                status: 421, code: "unknown_host", message: "This server does not serve the host \(host).",
                hint:
                    "The host is in no domain list. Add a line with it and its upstream to a group's domain list file.",
                fault: .client)
        case .misdirected(let host, let serverName):
            Problem(
                status: 421, code: "misdirected_request",
                message: "This connection was made for \(serverName), not for \(host).",
                hint: "Every host needs a connection of its own: a proxy in front has to send the host's name as SNI.",
                fault: .client)
        case .storeUnavailable:
            Problem(
                status: 503, code: "store_unavailable", message: "The session store does not answer.",
                hint: "Look at the session store and at the log of Tombolo.", fault: .store)
        case .outOfDescriptors(let upstream):
            Problem(
                status: 503, code: "out_of_descriptors", message: "The server is busy. Please try again.",
                hint: "No connection to \(upstream) could be opened: this process has too many open files. "
                    + "Raise its limit (LimitNOFILE= in a systemd unit, ulimit -n) or lower [limits] connections.",
                fault: .self)
        case .draining:
            Problem(
                status: 503, code: "shutting_down", message: "The server is shutting down. Please try again.",
                fault: .self)
        case .internalError:
            Problem(
                status: 500, code: "internal_error", message: "The proxy made a mistake.",
                hint: "Look at the log of Tombolo for this request.", fault: .self)
        case .connectFailed, .handshakeFailed, .connectTimeout, .closedEarly, .invalidResponse, .responseTimeout,
            .upstreamSilent, .overloaded, .queueTimeout:
            upstreamProblem(for: failure)
        }
    }

    private static func upstreamProblem(for failure: TransportFailure) -> Problem {
        switch failure {
        case .connectFailed(let upstream, let reason):
            Problem(
                status: 502, code: failure.isRefusal ? "upstream_refused" : "upstream_unreachable",
                message: "The application behind this address cannot be reached.",
                hint: "Tried \(upstream): \(reason). Is the application running and listening there? "
                    + "Compare the address in the domain list.",
                fault: .upstream)
        case .handshakeFailed(let upstream, let failure):
            Problem(
                status: 502, code: "upstream_tls",
                message: "The application behind this address cannot be reached safely.",
                hint: "Tried \(upstream): \(failure.reason). \(failure.remedy)", fault: .upstream)
        case .connectTimeout(let upstream):
            Problem(
                status: 504, code: "upstream_connect_timeout",
                message: "The application behind this address cannot be reached in time.",
                hint: "Tried \(upstream): no connection within \(seconds(upstream.connectTimeout)). "
                    + "Is the address in the domain list right, and is there a firewall between?",
                fault: .upstream)
        case .closedEarly(let upstream):
            Problem(
                status: 502, code: "upstream_closed",
                message: "The application behind this address gave no answer.",
                hint: "\(upstream) closed the connection before it had sent a complete response head. "
                    + "Look at the application's log for a crash or a worker time-out at this moment.",
                fault: .upstream)
        case .invalidResponse(let upstream, let reason):
            Problem(
                status: 502, code: "upstream_invalid",
                message: "The application behind this address gave an answer that cannot be understood.",
                hint:
                    "\(upstream) sent an invalid response: \(reason). Is it an HTTP/1.1 server (not TLS, not HTTP/2 only)?",
                fault: .upstream)
        case .responseTimeout(let upstream):
            Problem(
                status: 504, code: "upstream_timeout",
                message: "The application behind this address did not answer in time.",
                hint:
                    "\(upstream) timed out after \(seconds(upstream.responseTimeout)). Look at the application's log for "
                    + "what it was doing; raise the response timeout if it needs longer.",
                fault: .upstream)
        case .upstreamSilent(let upstream):
            Problem(
                status: 504, code: "upstream_silent",
                message: "The application behind this address stopped within its answer.",
                hint: "\(upstream) sent nothing more for \(seconds(upstream.idleTimeout)).", fault: .upstream)
        case .overloaded(let upstream):
            Problem(
                status: 503, code: "upstream_overloaded", message: "The application behind this address is busy.",
                hint:
                    "All connections to \(upstream) are in use, and the queue for them is full. Is the application slow, "
                    + "or the limit upstream_connections too low?",
                fault: .upstream)
        case .queueTimeout(let upstream, let after):
            Problem(
                status: 503, code: "upstream_busy", message: "The application behind this address is busy.",
                hint:
                    "All connections to \(upstream) were in use for \(seconds(after)). Is the application slow, or the "
                    + "limit upstream_connections too low?",
                fault: .upstream)
        default:
            Problem(status: 502, code: "bad_gateway", message: "The application gave no answer.", fault: .upstream)
        }
    }

    private static func pace(_ rate: Int) -> String {
        rate > 0 ? "nothing, or less than \(rate) bytes a second," : "nothing"
    }

    /// A duration in the words of an error page: `1.5 s`, `60 s`.
    static func seconds(_ amount: TimeAmount) -> String {
        let tenths = amount.nanoseconds / 100_000_000
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}

extension TransportFailure {
    var isRefusal: Bool {
        if case .connectFailed(_, let reason) = self { reason.contains("refused") } else { false }
    }

    /// As ``reason``, with what to do about it, where that is known.
    var advice: String {
        if case .handshakeFailed(_, let failure) = self { "\(failure.reason). \(failure.remedy)" } else { reason }
    }

    /// Why no connection could be had, in a few words for the log.
    var reason: String {
        switch self {
        case .connectFailed(_, let reason): reason
        case .connectTimeout(let upstream): "no connection within \(ErrorPages.seconds(upstream.connectTimeout))"
        case .handshakeFailed(_, let failure): failure.reason
        default: ErrorPages.problem(for: self).code
        }
    }
}

extension ErrorPages {
    /// The answer to a request for an `https` URI over a connection that nothing protected (RFC 9110 §7.4).
    static func insecureTarget(in x: Exchange) -> LocalResponse {
        let problem = Problem(
            status: 421, code: "insecure_target",
            message: "An https address was asked for over a connection without TLS.",
            hint: "If a proxy in front of Tombolo terminates TLS, name it in trusted_proxies and have it send "
                + "X-Forwarded-Proto: https.",
            fault: .client)
        return response(problem, asHTML: prefersHTML(x.requestHead))
    }

    /// The answer to a request whose proxy says two different things of the client.
    static func contradictoryForwarding(in x: Exchange) -> LocalResponse {
        let problem = Problem(
            status: 400, code: "contradictory_forwarding",
            message: "Forwarded and X-Forwarded-* do not say the same of this request.",
            hint: "The proxy in front of Tombolo has to replace or remove both kinds of fields that browsers send.",
            fault: .client)
        return response(problem, asHTML: prefersHTML(x.requestHead))
    }
}
