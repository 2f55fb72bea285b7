/// What ``ExchangeMachine`` asks for; a set is carried out in the order of the declarations.
struct Actions: OptionSet, Sendable {
    let rawValue: UInt32

    /// Give up the upstream: close its connection, or stop waiting for one. Nothing to do if there is none.
    static let closeUpstream = Actions(rawValue: 1 << 0)
    /// Put the upstream's connection back into the pool.
    static let releaseUpstream = Actions(rawValue: 1 << 1)
    /// Ask phases where the request goes.
    static let decide = Actions(rawValue: 1 << 2)
    /// Get a connection to the upstream.
    static let acquire = Actions(rawValue: 1 << 3)
    /// Get a connection to the upstream that has not been used before.
    static let acquireFresh = Actions(rawValue: 1 << 4)
    /// Send the request's head upstream, and then its body.
    static let sendRequest = Actions(rawValue: 1 << 5)
    /// Tell the upstream that the client will send no more, once everything has been sent.
    static let endUpstream = Actions(rawValue: 1 << 19)
    /// Tell the client to go on with its body.
    static let sendContinue = Actions(rawValue: 1 << 6)
    /// The collected body is complete.
    static let collected = Actions(rawValue: 1 << 7)
    /// Pass an interim response on.
    static let sendInterim = Actions(rawValue: 1 << 8)
    /// Ask phases what becomes of the response.
    static let judge = Actions(rawValue: 1 << 9)
    /// Send the local answer.
    static let sendLocal = Actions(rawValue: 1 << 10)
    /// Send an error page.
    static let sendFailure = Actions(rawValue: 1 << 11)
    /// Tell phases that the exchange is over.
    static let finish = Actions(rawValue: 1 << 12)
    /// Send the 101 and pass raw bytes on from now on.
    static let openTunnel = Actions(rawValue: 1 << 13)
    /// Look for the next request.
    static let next = Actions(rawValue: 1 << 14)
    /// Close once everything written has been sent.
    static let close = Actions(rawValue: 1 << 15)
    /// Stop sending once everything written has been sent, and close when the client has or after a moment.
    static let linger = Actions(rawValue: 1 << 16)
    /// Close at once.
    static let closeNow = Actions(rawValue: 1 << 17)
    /// Close so that the client cannot take what it got for complete.
    static let abort = Actions(rawValue: 1 << 18)
}
