/// Where an exchange stands, and what happens to it.
extension ExchangeMachine {
    /// How far the request has arrived, and where its body goes.
    enum Request {
        /// Between two requests.
        case idle
        /// A part of a head has arrived.
        case head
        /// The head is complete, its body waits for a decision.
        case held
        /// The body goes to the upstream.
        case body
        /// The body is collected for a local answer.
        case collecting
        /// The rest of the body is read and thrown away.
        case draining
        /// The rest of the body will not be read.
        case abandoned
        /// Everything has arrived.
        case complete
    }

    /// How far the response is.
    enum Response {
        /// No request yet.
        case none
        /// Phases have not said yet what becomes of the request.
        case deciding
        /// A connection to the upstream is being waited for.
        case acquiring
        /// The request is on its way, no final response head yet.
        case awaiting
        /// Phases have not said yet what becomes of the response.
        case judging
        /// The response is being sent.
        case body
        /// The response has been sent entirely.
        case complete
        /// Raw bytes both ways.
        case tunnel
    }

    /// What becomes of the connection as a whole.
    enum Connection {
        /// In use.
        case open
        /// Nothing more is written; what arrives is thrown away until everything written has gone and the client has
        /// closed as well.
        case closing
        /// Gone.
        case closed
    }

    /// What a request's head says about the exchange.
    struct Facts {
        /// Whether a body follows.
        var hasBody = false
        /// The body's length, if it was stated.
        var bodyLength: Int?
        /// Whether the client wants to go on after this exchange.
        var keepAlive = true
        /// Whether the client waits for `100 Continue`.
        var expectsContinue = false
        /// Idempotent and without a body: may be sent twice.
        var isRepeatable = false
        /// Whether the client understands interim responses (HTTP/1.1).
        var takesInterim = true
    }

    /// What happens.
    enum Event {
        /// The first byte of a request has arrived.
        case headBegins
        /// A request head is complete.
        case head(Facts)
        /// The client sent what cannot be accepted; where its next message begins is unknown.
        case rejected
        /// Phases: to an upstream.
        case forward
        /// Phases: collect the body.
        case collect
        /// Phases: a local answer.
        case respond
        /// Phases could not decide, or collecting failed: an error page.
        case failed
        /// A connection to the upstream is there; whether it has been used before.
        case connected(reused: Bool)
        /// No connection to the upstream could be had.
        case unavailable
        /// So many bytes of the request's body have been taken.
        case bodyBytes(Int)
        /// The request is complete.
        case bodyEnd
        /// Some byte of a response has arrived.
        case responseByte
        /// An interim response other than 101.
        case interim(Int)
        /// A final response head; whether the upstream closes after it.
        case responseHead(closes: Bool)
        /// Phases: pass the response on.
        case accept
        /// Phases: pass the 101 on.
        case switchProtocols
        /// The response's end has been passed on; whether its connection may be used again.
        case responseEnd(reusable: Bool)
        /// The upstream closed, failed or broke the protocol before the response was complete.
        case upstreamLost
        /// The client did not send what it owes in time.
        case requestTimeout
        /// The upstream did not answer or go on in time.
        case upstreamTimeout
        /// The connection has waited long enough: for a request, in a tunnel, or for the client to close.
        case idleTimeout
        /// The client has closed its sending side.
        case inputClosed
        /// The connection is gone.
        case clientGone
        /// The server is shutting down.
        case drain
    }

    /// Whether a request has been handed to phases and not yet finished.
    var isInExchange: Bool { response != .none }

    /// Whether nothing of a response has been sent yet, so that an error page still can be.
    var canStillFail: Bool {
        switch response {
        case .none, .deciding, .acquiring, .awaiting, .judging: true
        case .body, .complete, .tunnel: false
        }
    }
}
