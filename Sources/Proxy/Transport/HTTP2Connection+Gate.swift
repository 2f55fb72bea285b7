import NIOCore
import NIOHTTP2

/// What ``HTTP2Gate`` and swift-nio-http2 see, and which limits it runs into.
extension HTTP2Connection {
    func frameArrives(_ frame: HTTP2FrameHeader) {
        if frame.kind != .continuation { sawFrame = true }
        switch frame.kind {
        case .data:
            movedSomething()
            // Padding uses it up as well (§6.9.1), and so do frames of streams that are closed.
            window -= frame.length
        case .headers: movedSomething()
        // These have limits of their own.
        case .continuation, .settings, .ping, .priority, .rstStream, .goAway, .pushPromise: break
        case .windowUpdate, nil:
            idleFrames += 1
            if idleFrames > 0 { fail(.http2IdleFrames) }
        }
    }

    private func movedSomething() {
        if idleFrames > -1000 * settings.maxIdleFrames { idleFrames -= settings.maxIdleFrames }
    }

    /// - Parameter wasInHead: whether a head had begun before and not ended.
    func bytesArrived(wasInHead: Bool) {
        let isInHead = gate.inbound.middle == .head
        // A head has its time from its beginning, however it trickles in.
        if isInHead, !wasInHead || sawFrame { headSince = state.loop.now }
        sawFrame = false
        if isInHead || wasInHead { armTimer() }
    }

    func frameLeaves(_ frame: HTTP2FrameHeader, errorCode: UInt32) {
        switch frame.kind {
        case .data, .headers:
            movedSomething()
            let isLast = frame.has(HTTP2FrameHeader.endStream)
            streams[frame.stream]?.sent(frame.kind == .data ? frame.length : 0, isLast: isLast)
        case .rstStream:
            let code = HTTP2ErrorCode(networkCode: Int(errorCode))
            guard code != .noError, code != .cancel, code != .internalError, code != .refusedStream else { return }
            state.counters.add(.http2StreamErrors)
            if !streamErrors.take(at: state.loop.now) { fail(.http2StreamErrors) }
        case .goAway:
            if errorCode == UInt32(HTTP2ErrorCode.compressionError.networkCode) { hit(.http2Head) }
            if errorCode != 0, stage != .gone { failed() }
        default: break
        }
    }

    /// Which limit an error of swift-nio-http2 stands for.
    func count(_ error: any Error) {
        switch error {
        case is NIOHTTP2Errors.ExcessiveRSTFrames: hit(.http2Resets)
        case is NIOHTTP2Errors.ExcessiveStreamErrors: hit(.http2StreamErrors)
        case is NIOHTTP2Errors.ExcessiveControlFrames, is NIOHTTP2Errors.ExcessiveOutboundFrameBuffering:
            hit(.http2ControlFrames)
        case is NIOHTTP2Errors.ExcessiveEmptyDataFrames: hit(.http2EmptyData)
        case is NIOHTTP2Errors.ExcessiveContinuationFrames: hit(.http2Continuations)
        case is NIOHTTP2Errors.ExcessivelyLargeHeaderBlock: hit(.http2Head)
        default: break
        }
    }
}
