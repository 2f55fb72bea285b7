import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Stands in a listener's pipeline and rests when the system has nothing left to accept a connection with: descriptors, or
/// memory for one.
///
/// The connections wait in the kernel's queue meanwhile. Without the rest, the listener would be told of them again at
/// once, and try again at once, for ever.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// How many connections have come through a gate.
    final class Tally: Sendable {
        let count = Atomic<Int>(0)
    }

    private static let rest = TimeAmount.milliseconds(100)

    private let tally: Tally
    private let counters: LoopCounters
    private let report: @Sendable (FrontEvent) -> Void
    private var isPaused = false
    private var resting: Scheduled<Void>?

    init(_ tally: Tally, counters: LoopCounters, report: @escaping @Sendable (FrontEvent) -> Void) {
        self.tally = tally
        self.counters = counters
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        tally.count.wrappingAdd(1, ordering: .relaxed)
        if isPaused {
            isPaused = false
            report(.acceptingAgain)
        }
        context.fireChannelRead(data)
    }

    /// Connections that could not be set up, because they were refused or are gone already, end here, too; they have been
    /// closed.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, error.isExhaustion, resting == nil else { return }
        if !isPaused {
            isPaused = true
            counters.hit(.openFiles)
            report(.acceptingPaused(String(cString: strerror(error.errnoCode))))
        }
        // NIO would go on reading: a failed read counts as one that is still to come.
        Self.setReads(context.channel, false)
        resting = context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) { [self] in
            resting = nil
            Self.setReads(context.channel, true)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        resting?.cancel()
        resting = nil
    }

    /// Whether the listener looks for connections. One that is closed does not, whatever is said.
    private static func setReads(_ channel: any Channel, _ reads: Bool) {
        do {
            try channel.syncOptions?.setOption(.autoRead, value: reads)
        } catch {
            // It has been closed meanwhile.
        }
    }
}

extension IOError {
    /// Whether no more files can be opened, here or in the whole system.
    var isOutOfDescriptors: Bool { [EMFILE, ENFILE].contains(errnoCode) }

    /// Whether the system has nothing left to make a connection with: descriptors, or memory for one.
    var isExhaustion: Bool { isOutOfDescriptors || [ENOBUFS, ENOMEM].contains(errnoCode) }
}
