internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Sessions

/// The WebSockets and event streams that are open, by session, so that a logout or a login ends them.
///
/// They were opened with a handle that counts no more, and nothing else would ever look at it again.
public final class LiveStreams: Sendable {
    private struct Stream: Sendable {
        let eventLoop: any EventLoop
        let close: NIOLoopBound<() -> Void>
    }

    private struct State {
        var streams: [SessionID: [UInt64: Stream]] = [:]
        var next: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())

    /// None is open.
    public init() {}

    /// Notes an open stream.
    ///
    /// - Parameter close: closes its connection; called on `eventLoop`, where this is called, too.
    /// - Returns: what to hand to ``remove(_:of:)`` when the stream ends.
    func add(_ session: SessionID, on eventLoop: any EventLoop, close: @escaping () -> Void) -> UInt64 {
        let stream = Stream(eventLoop: eventLoop, close: NIOLoopBound(close, eventLoop: eventLoop))
        return state.withLockedValue { state in
            state.next &+= 1
            state.streams[session, default: [:]][state.next] = stream
            return state.next
        }
    }

    /// Forgets a stream that has ended.
    func remove(_ token: UInt64, of session: SessionID) { _ = take(token, of: session) }

    /// Forgets a stream; false if it has ended already.
    private func take(_ token: UInt64, of session: SessionID) -> Bool {
        state.withLockedValue { state in
            let isThere = state.streams[session]?.removeValue(forKey: token) != nil
            if state.streams[session]?.isEmpty == true { state.streams[session] = nil }
            return isThere
        }
    }

    /// Ends all streams of a session, each on its own event loop.
    func closeAll(of session: SessionID) {
        let open = state.withLockedValue { $0.streams[session] }
        for (token, stream) in open ?? [:] {
            stream.eventLoop.execute { [self] in
                // It may have ended by itself by then, and its connection be somebody else's.
                if take(token, of: session) { stream.close.value() }
            }
        }
    }
}
