public import Configuration
internal import HTTPWire
public import Logging
internal import NIOConcurrencyHelpers
public import NIOCore

/// The access log: a line for every request whose path is among those that the configuration names.
///
/// Every event loop collects lines in a buffer of its own; one thread writes them, so that a slow disk or pipe holds up no
/// request. What it cannot keep up with is dropped and counted.
public final class AccessLog: Sendable {
    private let paths: PathPatterns
    private let lanes: [ObjectIdentifier: NIOLoopBoundBox<AccessLogLane>]
    private let writer: LineWriter

    /// Opens the log.
    ///
    /// - Parameters:
    ///   - settings: what is logged, how and where.
    ///   - group: the loops whose requests are logged.
    ///   - logger: is told, once, that writing fails.
    /// - Throws: ``LineWriter/OpenFailure``.
    public init(
        _ settings: Configuration.AccessLog, group: any EventLoopGroup, logger: Logger
    ) throws(LineWriter.OpenFailure) {
        paths = settings.paths
        let writer = try LineWriter(settings.destination) { failure in
            logger.error("the access log cannot be written; requests go on", metadata: ["error": "\(failure)"])
        }
        var lanes: [ObjectIdentifier: NIOLoopBoundBox<AccessLogLane>] = [:]
        for loop in group.makeIterator() {
            let lane = AccessLogLane(loop: loop, format: settings.format, writer: writer)
            lanes[ObjectIdentifier(loop)] = .makeBoxSendingValue(lane, eventLoop: loop)
        }
        self.lanes = lanes
        self.writer = writer
    }

    /// Lines written, and lines lost: dropped because too many waited, or in a write that failed.
    public var lines: (written: Int, dropped: Int, failed: Int) { writer.lines }

    /// Opens the file again, for whoever has moved it away (logrotate); what was logged before goes into the old one.
    public func reopen() { writer.reopen() }

    /// Writes what is left and closes, waiting a few seconds at most. To be called when no request runs any more.
    public func close() async {
        for lane in lanes.values {
            do {
                try await lane.eventLoop.submit { lane.value.flush() }.get()
            } catch {
                // The loop is gone, and what it had not handed over with it.
                continue
            }
        }
        writer.close(within: 5)
    }

    /// Whether a request of this path is logged; one without a path that could be read counts as `/`.
    func wants(_ x: Exchange) -> Bool {
        guard x.hasHead else { return paths.includes([]) }
        return x.requestHead.withBytes(x.requestHead.path) { paths.includes($0) }
    }

    /// The buffer of the loop that calls.
    func lane(on loop: any EventLoop) -> AccessLogLane? { lanes[ObjectIdentifier(loop)]?.value }
}

/// The lines of one event loop on their way to the writer. Confined to that loop.
final class AccessLogLane {
    /// So many bytes are handed over at once.
    private static let full = 32 * 1024
    /// So long a line may wait for others.
    private static let patience = TimeAmount.milliseconds(200)

    private let loop: any EventLoop
    private let format: Configuration.AccessLog.Format
    private let writer: LineWriter
    private var clock = LogClock()
    private var pending = ByteBuffer()
    private var lines = 0
    private var isFlushDue = false

    init(loop: any EventLoop, format: Configuration.AccessLog.Format, writer: LineWriter) {
        self.loop = loop
        self.format = format
        self.writer = writer
    }

    func write(_ entry: AccessLogEntry) {
        let time = clock.time(before: entry.outcome.duration)
        switch format {
        case .json: entry.writeJSON(at: time, clock: &clock, into: &pending)
        case .combined: entry.writeCombined(at: time, clock: &clock, into: &pending)
        }
        lines += 1
        if pending.readableBytes >= Self.full { return flush() }
        guard !isFlushDue else { return }
        isFlushDue = true
        loop.assumeIsolated().scheduleTask(in: Self.patience) { [self] in
            isFlushDue = false
            flush()
        }
    }

    func flush() {
        guard lines > 0 else { return }
        writer.push(pending, lines: lines)
        pending = ByteBufferAllocator().buffer(capacity: pending.readableBytes)
        lines = 0
    }
}
