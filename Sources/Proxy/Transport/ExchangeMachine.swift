/// The life of the exchanges on one client connection, without any I/O: events in, actions out.
///
/// Two sides advance independently, because a response may begin and even end while its request is still arriving.
///
/// Request: `idle → head → held → body | collecting → complete`, or `→ draining` when nobody wants the rest of a body
/// that is small enough to be read for the sake of the connection, or `→ abandoned` when it is not.
///
/// Response: `none → deciding → acquiring → awaiting → judging → body → complete`; a local answer goes from `deciding` or
/// `judging` to `complete` at once; a `101` ends in `tunnel`.
struct ExchangeMachine {
    private(set) var request = Request.idle
    private(set) var response = Response.none
    private(set) var connection = Connection.open
    private(set) var facts = Facts()
    /// Whether the connection goes on after this exchange; settled when the response begins.
    private(set) var persists = true
    private(set) var isDraining = false
    private(set) var inputClosed = false
    /// Whether the upstream has been told of that, within this exchange.
    private(set) var hasEndedUpstream = false

    private let drainLimit: Int
    private var bodyTaken = 0
    private var drained = 0
    private var isReused = false
    private var hasRetried = false
    private var sawResponseByte = false
    private var continued = false

    init(drainLimit: Int) { self.drainLimit = drainLimit }

    /// Whether the client may be waiting for the upstream's `100 Continue` before it sends its body.
    var awaitsContinue: Bool { facts.expectsContinue && !continued && bodyTaken == 0 && request == .body }

    mutating func handle(_ event: Event) -> Actions {
        if connection == .closed { return [] }
        switch event {
        case .headBegins, .head, .rejected, .bodyBytes, .bodyEnd, .inputClosed, .requestTimeout:
            return handleRequest(event)
        case .forward, .collect, .respond, .failed, .accept, .switchProtocols:
            return handleVerdict(event)
        case .connected, .unavailable, .responseByte, .interim, .responseHead, .responseEnd, .upstreamLost,
            .upstreamTimeout:
            return handleUpstream(event)
        case .idleTimeout:
            let wasInExchange = isInExchange && connection == .open
            return wasInExchange ? [.closeUpstream, .finish, closed(.closeNow)] : closed(.closeNow)
        case .clientGone:
            let wasInExchange = isInExchange && connection == .open
            connection = .closed
            return wasInExchange ? [.closeUpstream, .finish] : []
        case .drain:
            // A client that was promised a connection that goes on may be sending already.
            isDraining = true
            return []
        }
    }

    /// Says that the client has closed its sending side, while requests that came before are still to be read.
    mutating func inputHasClosed() { inputClosed = true }

    /// Says that the upstream has been told that the client will send no more.
    mutating func upstreamHasBeenEnded() { hasEndedUpstream = true }

    /// Says that the response cannot be delimited otherwise than by closing.
    mutating func mustClose() { persists = false }

    // MARK: - The client's side

    private mutating func handleRequest(_ event: Event) -> Actions {
        guard connection == .open else {
            if case .inputClosed = event { inputClosed = true }
            return []
        }
        switch event {
        case .headBegins:
            if request == .idle { request = .head }
            return []
        case .head(let facts): return begin(facts)
        case .rejected: return reject()
        case .bodyBytes(let count): return take(count)
        case .bodyEnd: return requestComplete()
        case .inputClosed: return endOfInput()
        case .requestTimeout:
            switch request {
            case .draining where response == .complete: return [.finish, ends(.linger)]
            case .idle: return ends(.close)
            default: return reject()
            }
        default: return []
        }
    }

    private mutating func begin(_ facts: Facts) -> Actions {
        guard request == .idle || request == .head, response == .none else { return [] }
        self.facts = facts
        hasEndedUpstream = false
        request = facts.hasBody ? .held : .complete
        response = .deciding
        return .decide
    }

    /// The request's boundary is lost: answer if that is still possible, and end the connection.
    private mutating func reject() -> Actions {
        let finish: Actions = isInExchange ? .finish : []
        guard canStillFail else {
            return response == .complete
                ? [.closeUpstream, finish, ends(.linger)] : [.closeUpstream, finish, closed(.abort)]
        }
        persists = false
        response = .complete
        request = .abandoned
        return [.closeUpstream, .sendFailure, finish, ends(.linger)]
    }

    private mutating func take(_ count: Int) -> Actions {
        bodyTaken += count
        guard request == .draining else { return [] }
        drained += count
        guard drained > drainLimit else { return [] }
        persists = false
        request = .abandoned
        return response == .complete ? [.finish, ends(.linger)] : []
    }

    private mutating func requestComplete() -> Actions {
        let was = request
        switch was {
        case .body, .collecting, .draining, .held: request = .complete
        default: return []
        }
        if response == .complete { return [.finish, proceed()] }
        return was == .collecting ? .collected : passOnEnd()
    }

    /// Whoever has left is gone for the upstream as well, which may be about to say nothing for a long time. A client may
    /// only mean that it has no more requests; the upstream sees just what it would see without a proxy.
    private func passOnEnd() -> Actions {
        guard inputClosed, request == .complete else { return [] }
        switch response {
        case .awaiting, .judging, .body: return .endUpstream
        default: return []
        }
    }

    private mutating func endOfInput() -> Actions {
        inputClosed = true
        if response == .tunnel { return [] }
        switch request {
        case .idle, .head: return ends(.close)
        // What is left of a held body may be among the bytes that have already arrived: see when it flows.
        case .complete, .held: return passOnEnd()
        case .body, .collecting, .draining, .abandoned:
            if response == .complete { return [.finish, ends(.close)] }
            // An abandoned body's sender may well close its side and wait for the answer that is under way.
            if request == .abandoned { return [] }
            return [.closeUpstream, .finish, closed(.closeNow)]
        }
    }

    // MARK: - Phases

    private mutating func handleVerdict(_ event: Event) -> Actions {
        guard connection == .open else { return [] }
        switch (event, response) {
        case (.forward, .deciding):
            response = .acquiring
            return .acquire
        case (.collect, .deciding):
            guard request == .held else { return .collected }
            request = .collecting
            return facts.expectsContinue && facts.takesInterim ? .sendContinue : []
        case (.respond, .deciding), (.respond, .judging):
            beginResponse(unwanted: true)
            return [.closeUpstream, .sendLocal, endResponse()]
        case (.failed, .deciding), (.failed, .judging): return fail()
        case (.accept, .judging):
            beginResponse(unwanted: false)
            return []
        case (.switchProtocols, .judging):
            guard request == .complete else { return fail() }
            persists = false
            response = .tunnel
            return .openTunnel
        default: return []
        }
    }

    // MARK: - The upstream's side

    private mutating func handleUpstream(_ event: Event) -> Actions {
        guard connection == .open else { return [] }
        switch (event, response) {
        case (.connected(let reused), .acquiring):
            isReused = reused
            sawResponseByte = false
            response = .awaiting
            if request == .held { request = .body }
            return [.sendRequest, passOnEnd()]
        case (.unavailable, .acquiring): return fail()
        case (.responseByte, _):
            sawResponseByte = true
            return []
        case (.interim(let status), .awaiting):
            if status == 100 { continued = true }
            return facts.takesInterim ? .sendInterim : []
        case (.responseHead(let closes), .awaiting):
            response = .judging
            upstreamCloses = closes
            return .judge
        case (.responseEnd(let reusable), .body):
            let isFree = reusable && request == .complete && !hasEndedUpstream
            let connection: Actions = isFree ? .releaseUpstream : .closeUpstream
            return [connection, endResponse()]
        case (.upstreamLost, .awaiting):
            if isReused && facts.isRepeatable && !hasRetried && !sawResponseByte {
                hasRetried = true
                response = .acquiring
                return [.closeUpstream, .acquireFresh]
            }
            return fail()
        case (.upstreamLost, .judging), (.upstreamTimeout, .acquiring), (.upstreamTimeout, .awaiting),
            (.upstreamTimeout, .judging):
            return fail()
        case (.upstreamLost, .body), (.upstreamTimeout, .body):
            return [.closeUpstream, .finish, closed(.abort)]
        case (.upstreamLost, .tunnel), (.upstreamTimeout, .tunnel):
            return [.closeUpstream, .finish, ends(.close)]
        default: return []
        }
    }

    private var upstreamCloses = false

    private mutating func fail() -> Actions {
        beginResponse(unwanted: true)
        return [.closeUpstream, .sendFailure, endResponse()]
    }

    /// Settles whether the connection goes on, before the response's head says so.
    ///
    /// - Parameter unwanted: whether nobody will take what is left of the request's body.
    private mutating func beginResponse(unwanted: Bool) {
        response = .body
        let bodyEnds = request == .complete || canDrain
        persists = persists && facts.keepAlive && !isDraining && bodyEnds
        guard request != .complete, request != .abandoned, unwanted || upstreamCloses else { return }
        request = persists ? .draining : .abandoned
    }

    /// Whether the rest of the body is known to be small enough, and known to come.
    private var canDrain: Bool {
        guard let length = facts.bodyLength, request != .abandoned else { return false }
        // A client that waits for 100 may or may not send its body after a final status: nobody can tell what follows.
        if facts.expectsContinue && !continued && bodyTaken == 0 && request != .collecting { return false }
        return length - bodyTaken <= drainLimit
    }

    private mutating func endResponse() -> Actions {
        response = .complete
        switch request {
        case .complete: return [.finish, proceed()]
        case .abandoned: return [.finish, ends(.linger)]
        default:
            guard persists else { return [.finish, ends(.linger)] }
            request = .draining
            return []
        }
    }

    // MARK: - The end

    private mutating func proceed() -> Actions {
        guard persists else { return ends(.close) }
        let fresh = ExchangeMachine(drainLimit: drainLimit)
        let (draining, closed) = (isDraining, inputClosed)
        self = fresh
        isDraining = draining
        inputClosed = closed
        return .next
    }

    private mutating func ends(_ action: Actions) -> Actions {
        connection = .closing
        return action
    }

    private mutating func closed(_ action: Actions) -> Actions {
        connection = .closed
        return action
    }
}
