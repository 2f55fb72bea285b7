import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite("Many timers with one task of the event loop") struct TimerTests {
    /// What has fired, and when.
    private final class Log {
        var entries: [String] = []
    }

    private let loop = EmbeddedEventLoop()
    private let log = Log()
    private let queue: TimerQueue

    init() { queue = TimerQueue(loop: loop) }

    private func timer(_ name: String) -> DeadlineTimer {
        let timer = DeadlineTimer(queue)
        timer.onFire { [log, loop] in log.entries.append("\(name) \(loop.now.uptimeNanoseconds)") }
        return timer
    }

    @Test("each fires once, in order, however they were set") func order() {
        // 2 is a generator modulo 101: every time from 1 to 100 comes once.
        var time: UInt64 = 1
        var timers: [DeadlineTimer] = []
        for _ in 1...100 {
            time = time * 2 % 101
            timers.append(timer("t"))
            timers.last?.set(.uptimeNanoseconds(time))
        }
        // Every third of them goes again, some from the middle.
        let gone = timers.indices.filter { $0 % 3 == 1 }
        for index in gone { timers[index].cancel() }
        loop.advanceTime(by: .nanoseconds(200))
        #expect(log.entries.count == 100 - gone.count)
        let times = log.entries.compactMap { UInt64($0.dropFirst(2)) }
        #expect(times == times.sorted() && Set(times).count == times.count)
        loop.advanceTime(by: .nanoseconds(200))
        #expect(log.entries.count == 100 - gone.count)
    }

    @Test("a deadline that moves counts where it was moved to last, earlier or later") func moves() {
        let (one, other) = (timer("one"), timer("other"))
        one.set(.uptimeNanoseconds(50))
        other.set(.uptimeNanoseconds(60))
        one.set(.uptimeNanoseconds(80))
        other.set(.uptimeNanoseconds(10))
        loop.advanceTime(by: .nanoseconds(79))
        #expect(log.entries == ["other 10"])
        loop.advanceTime(by: .nanoseconds(1))
        #expect(log.entries == ["other 10", "one 80"])
        one.set(.uptimeNanoseconds(90))
        one.set(.distantFuture)
        loop.advanceTime(by: .nanoseconds(100))
        #expect(log.entries == ["other 10", "one 80"])
    }

    @Test("what is done at a deadline may set and end timers") func within() {
        let (one, other) = (timer("one"), timer("other"))
        let setter = DeadlineTimer(queue)
        setter.onFire {
            one.set(.uptimeNanoseconds(30))
            other.cancel()
            setter.set(.uptimeNanoseconds(10))
            setter.onFire { one.set(.uptimeNanoseconds(20)) }
        }
        setter.set(.uptimeNanoseconds(10))
        other.set(.uptimeNanoseconds(10))
        loop.advanceTime(by: .nanoseconds(100))
        #expect(log.entries == ["one 20"])
    }
}
