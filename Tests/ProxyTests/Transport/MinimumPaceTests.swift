import NIOCore
import Testing

@testable import Proxy

@Suite("The least speed of a body")
struct MinimumPaceTests {
    /// 10 seconds from the beginning of the clock, so that earlier times exist.
    static let start = NIODeadline.uptimeNanoseconds(10_000_000_000)

    private func at(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

    private func running(rate: Int = 100, window: TimeAmount = .seconds(20)) -> MinimumPace {
        var pace = MinimumPace(rate: rate, window: window)
        pace.resume(at: Self.start)
        return pace
    }

    @Test("nothing at all may happen for as long as the window") func silence() {
        #expect(running().deadline == at(20))
        #expect(MinimumPace(rate: 100, window: .seconds(20)).deadline == nil, "it is nobody's turn yet")
    }

    @Test("a byte a second is too slow for 100, and ends when the window does, nearly") func trickle() throws {
        var pace = running()
        var now: Int64 = 0
        while let deadline = pace.deadline, deadline > at(now) {
            pace.moved(1, at: at(now))
            now += 1
        }
        #expect(now == 21)
    }

    @Test("exactly the rate is never too slow", arguments: [1, 100, 1 << 20]) func steady(rate: Int) {
        var pace = running(rate: rate)
        for second in 0..<10_000 as Range<Int64> {
            pace.moved(rate, at: at(second))
            #expect(pace.deadline == at(second + 20))
        }
    }

    @Test("a burst buys no more than the window") func burst() {
        var pace = running()
        pace.moved(1 << 30, at: at(5))
        #expect(pace.deadline == at(25))
        pace.moved(.max, at: at(6))
        #expect(pace.deadline == at(26))
    }

    @Test("half the rate is tolerated for two windows") func half() {
        var pace = running()
        var now: Int64 = 0
        while let deadline = pace.deadline, deadline > at(now) {
            now += 1
            pace.moved(50, at: at(now))
        }
        #expect(now == 40)
    }

    @Test("with rate 0 every byte fills it") func anything() {
        var pace = running(rate: 0)
        pace.moved(1, at: at(19))
        #expect(pace.deadline == at(39))
        pace.moved(0, at: at(30))
        #expect(pace.deadline == at(39), "no byte is none")
    }

    @Test("somebody else's turn does not count") func pausing() {
        var pace = running()
        pace.pause(at: at(15))
        #expect(pace.deadline == nil)
        pace.resume(at: at(1_000))
        #expect(pace.deadline == at(1_005))
        pace.resume(at: at(1_001))
        #expect(pace.deadline == at(1_005), "resuming twice changes nothing")
        pace.pause(at: at(1_004))
        pace.pause(at: at(1_005))
        pace.moved(200, at: at(1_010))
        pace.resume(at: at(2_000))
        #expect(pace.deadline == at(2_003))
    }

    @Test("pausing too late leaves nothing, refilling everything") func emptyAndFull() {
        var pace = running()
        pace.pause(at: at(100))
        pace.resume(at: at(200))
        #expect(pace.deadline == at(200))
        pace.refill()
        #expect(pace.deadline == nil)
        pace.resume(at: at(300))
        #expect(pace.deadline == at(320))
    }
}
