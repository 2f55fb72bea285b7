import Testing

@testable import Proxy

@Suite("The exchange's state machine")
struct ExchangeMachineTests {
    typealias Event = ExchangeMachine.Event
    typealias Facts = ExchangeMachine.Facts

    /// A step: what happens, and what the machine asks for.
    struct Step {
        let event: Event
        let actions: Actions
        init(_ event: Event, _ actions: Actions) {
            self.event = event
            self.actions = actions
        }
    }

    struct Script: CustomTestStringConvertible, Sendable {
        let name: String
        let steps: @Sendable () -> [Step]
        init(_ name: String, _ steps: @escaping @Sendable () -> [Step]) {
            self.name = name
            self.steps = steps
        }
        var testDescription: String { name }
    }

    static let get = Facts(isRepeatable: true)
    static let post = Facts(hasBody: true, bodyLength: 10)
    static let bigPost = Facts(hasBody: true, bodyLength: 1_000_000)
    static let chunkedPost = Facts(hasBody: true)

    static let scripts: [Script] = [
        Script("a GET and the next request") {
            [
                Step(.headBegins, []), Step(.head(get), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.responseByte, []),
                Step(.responseHead(closes: false), .judge), Step(.accept, []),
                Step(.responseEnd(reusable: true), [.releaseUpstream, .finish, .next]), Step(.head(get), .decide),
            ]
        },
        Script("Connection: close") {
            [
                Step(.head(Facts(keepAlive: false)), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.responseHead(closes: false), .judge),
                Step(.accept, []), Step(.responseEnd(reusable: true), [.releaseUpstream, .finish, .close]),
            ]
        },
        Script("a local answer without a body to drain") {
            [Step(.head(get), .decide), Step(.respond, [.closeUpstream, .sendLocal, .finish, .next])]
        },
        Script("S3: a local answer while a small body is coming drains it first") {
            [
                Step(.head(post), .decide), Step(.respond, [.closeUpstream, .sendLocal]), Step(.bodyBytes(10), []),
                Step(.bodyEnd, [.finish, .next]),
            ]
        },
        Script("S3: a local answer while a large body is coming closes") {
            [Step(.head(bigPost), .decide), Step(.respond, [.closeUpstream, .sendLocal, .finish, .linger])]
        },
        Script("S3: a local answer while a chunked body is coming closes") {
            [Step(.head(chunkedPost), .decide), Step(.respond, [.closeUpstream, .sendLocal, .finish, .linger])]
        },
        Script("a final answer to a client that waits for 100 closes") {
            [
                Step(.head(Facts(hasBody: true, bodyLength: 10, expectsContinue: true)), .decide),
                Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.responseHead(closes: false), .judge), Step(.accept, []),
                Step(.responseEnd(reusable: true), [.closeUpstream, .finish, .linger]),
            ]
        },
        Script("an early response: the upstream's connection is not used again, the client's body is drained") {
            [
                Step(.head(post), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.bodyBytes(4), []),
                Step(.responseHead(closes: false), .judge), Step(.accept, []),
                Step(.responseEnd(reusable: true), .closeUpstream), Step(.bodyBytes(6), []),
                Step(.bodyEnd, [.finish, .next]),
            ]
        },
        Script("a stale reused connection: once more on a fresh one, but only once") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: true), .sendRequest),
                Step(.upstreamLost, [.closeUpstream, .acquireFresh]), Step(.connected(reused: true), .sendRequest),
                Step(.upstreamLost, [.closeUpstream, .sendFailure, .finish, .next]),
            ]
        },
        Script("never again on a fresh connection") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.upstreamLost, [.closeUpstream, .sendFailure, .finish, .next]),
            ]
        },
        Script("never again after a byte of a response") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: true), .sendRequest),
                Step(.responseByte, []), Step(.upstreamLost, [.closeUpstream, .sendFailure, .finish, .next]),
            ]
        },
        Script("never again with a body") {
            [
                Step(.head(post), .decide), Step(.forward, .acquire), Step(.connected(reused: true), .sendRequest),
                Step(.bodyBytes(10), []), Step(.bodyEnd, []),
                Step(.upstreamLost, [.closeUpstream, .sendFailure, .finish, .next]),
            ]
        },
        Script("the upstream goes away in a body: the client must see it") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.responseHead(closes: false), .judge), Step(.accept, []),
                Step(.upstreamLost, [.closeUpstream, .finish, .abort]), Step(.clientGone, []),
            ]
        },
        Script("the client goes away: the upstream's connection goes too") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.clientGone, [.closeUpstream, .finish]), Step(.upstreamLost, []),
            ]
        },
        Script("the client shuts down sending after its request: it still gets the answer") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.inputClosed, .endUpstream), Step(.responseHead(closes: false), .judge), Step(.accept, []),
                Step(.responseEnd(reusable: true), [.releaseUpstream, .finish, .next]), Step(.inputClosed, .close),
            ]
        },
        Script("the client shuts down sending in its body") {
            [
                Step(.head(post), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.inputClosed, [.closeUpstream, .finish, .closeNow]),
            ]
        },
        Script("a tunnel") {
            [
                Step(.head(Facts()), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.responseHead(closes: true), .judge),
                Step(.switchProtocols, .openTunnel), Step(.inputClosed, []),
                Step(.upstreamLost, [.closeUpstream, .finish, .close]),
            ]
        },
        Script("a bad request") { [Step(.headBegins, []), Step(.rejected, [.closeUpstream, .sendFailure, .linger])] },
        Script("a bad chunk while the response is already going") {
            [
                Step(.head(chunkedPost), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.responseHead(closes: false), .judge),
                Step(.accept, []), Step(.rejected, [.closeUpstream, .finish, .abort]),
            ]
        },
        Script("collecting a body, with 100 Continue from here") {
            [
                Step(.head(Facts(hasBody: true, bodyLength: 3, expectsContinue: true)), .decide),
                Step(.collect, .sendContinue), Step(.bodyBytes(3), []), Step(.bodyEnd, .collected),
                Step(.respond, [.closeUpstream, .sendLocal, .finish, .next]),
            ]
        },
        Script("draining the server: a request that was on its way is answered, and then it is over") {
            [
                Step(.drain, []), Step(.headBegins, []), Step(.head(get), .decide),
                Step(.respond, [.closeUpstream, .sendLocal, .finish, .close]),
            ]
        },
        Script("draining the server: idle closes when nothing comes") {
            [Step(.drain, []), Step(.idleTimeout, .closeNow)]
        },
        Script("draining the server: who was told that the connection goes on may ask once more") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire), Step(.connected(reused: false), .sendRequest),
                Step(.responseHead(closes: false), .judge), Step(.accept, []), Step(.drain, []),
                Step(.responseEnd(reusable: true), [.releaseUpstream, .finish, .next]), Step(.head(get), .decide),
                Step(.respond, [.closeUpstream, .sendLocal, .finish, .close]),
            ]
        },
        Script("draining the server: an exchange ends first") {
            [
                Step(.head(get), .decide), Step(.drain, []),
                Step(.respond, [.closeUpstream, .sendLocal, .finish, .close]),
            ]
        },
        Script("time-outs: 408 before a decision, 504 before an answer") {
            [
                Step(.headBegins, []), Step(.requestTimeout, [.closeUpstream, .sendFailure, .linger]),
                Step(.idleTimeout, .closeNow),
            ]
        },
        Script("no connection: an error page, and the connection goes on") {
            [
                Step(.head(get), .decide), Step(.forward, .acquire),
                Step(.unavailable, [.closeUpstream, .sendFailure, .finish, .next]),
            ]
        },
        Script("an HTTP/1.0 client gets no interim response") {
            [
                Step(.head(Facts(takesInterim: false)), .decide), Step(.forward, .acquire),
                Step(.connected(reused: false), .sendRequest), Step(.interim(103), []),
            ]
        },
    ]

    @Test("a script of events", arguments: scripts) func script(_ script: Script) {
        var machine = ExchangeMachine(drainLimit: 100)
        for (index, step) in script.steps().enumerated() {
            let actions = machine.handle(step.event)
            #expect(actions == step.actions, "step \(index): \(step.event)")
        }
    }

    /// Steps up to an answer that is awaited on a used connection, whose upstream has been told that the client is gone.
    private static func told() -> ExchangeMachine {
        var machine = ExchangeMachine(drainLimit: 100)
        _ = machine.handle(.head(get))
        _ = machine.handle(.forward)
        _ = machine.handle(.connected(reused: true))
        #expect(machine.handle(.inputClosed) == .endUpstream)
        machine.upstreamHasBeenEnded()
        return machine
    }

    @Test("an upstream that was told of the client's end is not used again")
    func endedUpstreamIsNotReused() {
        var machine = Self.told()
        _ = machine.handle(.responseHead(closes: false))
        _ = machine.handle(.accept)
        #expect(machine.handle(.responseEnd(reusable: true)) == [.closeUpstream, .finish, .next])
    }

    @Test("an upstream that ends for it without an answer is asked again once, for it may have ended before")
    func endedUpstreamIsAskedAgainOnce() {
        var machine = Self.told()
        #expect(machine.handle(.upstreamLost) == [.closeUpstream, .acquireFresh])
        #expect(machine.handle(.connected(reused: false)) == [.sendRequest, .endUpstream])
        #expect(machine.handle(.upstreamLost).contains(.sendFailure))
    }

    @Test("a body that was complete only after the client's end is followed by that end")
    func endBehindBody() {
        var machine = ExchangeMachine(drainLimit: 100)
        _ = machine.handle(.head(Self.post))
        _ = machine.handle(.inputClosed)
        _ = machine.handle(.forward)
        #expect(machine.handle(.connected(reused: false)) == .sendRequest)
        #expect(machine.handle(.bodyEnd) == .endUpstream)
    }

    @Test("no event in any order finishes an exchange twice or acts after the end", arguments: 0..<64)
    func randomEvents(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let events: [Event] = [
            .headBegins, .head(Self.get), .head(Self.post), .head(Self.chunkedPost), .rejected, .forward, .collect,
            .respond, .failed, .connected(reused: true), .connected(reused: false), .unavailable, .bodyBytes(50),
            .bodyEnd, .responseByte, .interim(100), .responseHead(closes: false), .responseHead(closes: true), .accept,
            .switchProtocols, .responseEnd(reusable: true), .responseEnd(reusable: false), .upstreamLost,
            .requestTimeout, .upstreamTimeout, .idleTimeout, .inputClosed, .drain,
        ]
        var machine = ExchangeMachine(drainLimit: 100)
        var decided = 0
        var finished = 0
        for _ in 0..<2_000 {
            let before = machine.connection
            let actions = machine.handle(events[next(events.count)])
            if actions.contains(.decide) { decided += 1 }
            if actions.contains(.finish) { finished += 1 }
            #expect(finished <= decided)
            #expect(decided - finished <= 1)
            if before == .closed { #expect(actions.isEmpty) }
            if machine.connection == .closed {
                #expect(decided == finished)
                machine = ExchangeMachine(drainLimit: 100)
            }
        }
    }
}
