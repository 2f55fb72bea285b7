internal import HTTPWire
public import NIOCore
internal import NIOHTTP2

/// What an HTTP/2 connection may do (RFC 9113). Times are those of HTTP/1.1, in ``TransportSettings``.
public struct HTTP2Settings: Sendable {
    /// Streams open at once (`SETTINGS_MAX_CONCURRENT_STREAMS`): what every server offers and browsers count on.
    public var maxStreams = 100
    /// Bytes of a request's body that may be under way before its upstream has taken any (`SETTINGS_INITIAL_WINDOW_SIZE`).
    public var streamWindow = 128 * 1024
    /// Streams that a client may cancel within ``window`` (CVE-2023-44487).
    public var maxResets = 200
    /// Streams that may be reset for a mistake of the client's within ``window`` (CVE-2025-8671), in all ways that there are.
    public var maxStreamErrors = 100
    /// `PING`, `SETTINGS` and `PRIORITY` frames within ``window``; each of the first two asks for an answer.
    public var maxControlFrames = 200
    /// How many `CONTINUATION` frames a field section may have.
    public var maxContinuations = 8
    /// How many empty `DATA` frames may come one behind the other.
    public var maxEmptyData = 8
    /// How many frames may come that move nothing (`WINDOW_UPDATE`, unknown ones) for each that does, and as many for the
    /// first thousand times.
    public var maxIdleFrames = 4
    /// The time over which frames are counted.
    public var window: TimeAmount = .seconds(30)

    /// Makes the defaults.
    public init() {}

    /// For a proxy that brings the streams of many clients: what one of them does is not to cost all the others theirs.
    var forProxies: HTTP2Settings {
        var settings = self
        settings.maxResets *= 100
        settings.maxStreamErrors *= 100
        settings.maxControlFrames *= 100
        return settings
    }
}

extension HTTP2Settings {
    /// The handler that knows frames, HPACK, stream states and windows.
    ///
    /// Its validation of field sections is switched off, because ``HTTP2RequestFields`` is stricter, and because a malformed
    /// request is to cost its stream and not more.
    func handler(_ settings: TransportSettings) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: maxStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: Self.maxFieldSection(settings)),
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = maxEmptyData
        connection.maximumSequentialContinuationFrames = maxContinuations
        connection.maximumBufferedControlFrames = 4 * (maxStreams + maxControlFrames)
        connection.maximumConnectionGlitches = .max
        connection.controlFrameRateLimit.maximumCount = maxControlFrames
        connection.controlFrameRateLimit.windowLength = window
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = maxResets
        stream.streamResetFrameRateLimit.windowLength = window
        // Counted by HTTP2Connection, which also sees the mistakes that this handler does not look for.
        stream.streamErrorRateLimit.maximumCount = 2 * maxStreamErrors
        stream.streamErrorRateLimit.windowLength = window
        return NIOHTTP2Handler(mode: .server, connectionConfiguration: connection, streamConfiguration: stream)
    }

    /// Twice what a head may have: what is in between gets its 431, and only what is larger ends the connection.
    private static func maxFieldSection(_ settings: TransportSettings) -> Int {
        let (double, overflow) = settings.requestLimits.maxBytes.multipliedReportingOverflow(by: 2)
        return overflow ? Int(Int32.max) : min(max(double, 16 * 1024), Int(Int32.max))
    }
}
