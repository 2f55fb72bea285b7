import Glibc
import HTMLInjection
import NIOCore

/// Times one injector on one page: `Micro CODING CHUNK SECONDS TAG < page` prints a JSON line, or `missing`.
///
/// The coding is given as a `Content-Encoding` and goes through ``InjectionDecision``, so that whatever Tombolo does with
/// a response of this coding is what is measured.
@main
struct Micro {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let size = Int(arguments[2]), size > 0, let seconds = Double(arguments[3]) else {
            fail("usage: Micro CODING CHUNK SECONDS TAG < page")
        }
        let page = standardInput()
        let facts = InjectionFacts(
            contentType: .one(ByteBuffer(string: "text/html; charset=utf-8").readableBytesView),
            contentEncoding: .one(ByteBuffer(string: arguments[1]).readableBytesView),
            fetchDestination: .one(ByteBuffer(string: "document").readableBytesView))
        guard case .inject(let coding, let requiresDocumentMarker) = InjectionDecision.decide(facts) else {
            print("missing")
            return
        }
        let run = Run(
            chunks: chunks(of: page, size: size),
            makeInjector: {
                coding.makeInjector(
                    tag: ByteBuffer(string: arguments[4]), requiresDocumentMarker: requiresDocumentMarker)
            })
        let (outcome, length) = run.once()
        guard outcome == .injected else { fail("the tag was not inserted: \(outcome)") }
        let samples = run.timed(seconds: seconds).sorted()
        let median = samples[samples.count / 2]
        print(#"{"median":\#(median),"least":\#(samples[0]),"samples":\#(samples.count),"length":\#(length)}"#)
    }

    /// Buffers of their own, as the proxy gets them from its socket.
    static func chunks(of page: [UInt8], size: Int) -> [ByteBuffer] {
        stride(from: 0, to: page.count, by: size).map { ByteBuffer(bytes: page[$0..<min($0 + size, page.count)]) }
    }

    static func standardInput() -> [UInt8] {
        var page: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &block, block.count)
            if count <= 0 { return page }
            page += block[..<count]
        }
    }

    static func fail(_ message: String) -> Never {
        print(message)
        exit(1)
    }
}

/// One page in chunks, and the injector that it goes through.
struct Run {
    var chunks: [ByteBuffer]
    var makeInjector: () -> any BodyTransform

    /// Sends the page through once; returns what became of the tag, and how many bytes came out.
    func once() -> (InjectionOutcome, Int) {
        let injector = makeInjector()
        var out: [ByteBuffer] = []
        var length = 0
        for chunk in chunks {
            injector.push(chunk, into: &out)
            length += out.reduce(0) { $0 + $1.readableBytes }
            out.removeAll(keepingCapacity: true)
        }
        injector.finish(into: &out)
        length += out.reduce(0) { $0 + $1.readableBytes }
        return (injector.outcome, length)
    }

    /// Microseconds of processor time per page, in batches of some five milliseconds, for so many seconds.
    func timed(seconds: Double) -> [Double] {
        var batch = 1
        while time(batch) < 5_000, batch < 1 << 20 { batch *= 2 }
        let end = now() + seconds * 1e6
        var samples: [Double] = []
        repeat { samples.append(time(batch) / Double(batch)) } while now() < end || samples.count < 5
        return samples
    }

    private func time(_ count: Int) -> Double {
        let begun = now()
        for _ in 0..<count { _ = once() }
        return now() - begun
    }

    /// The processor time of this process, in microseconds: other programs on the machine do not count.
    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
