import Glibc
import HTMLInjection
import NIOCore

extension Micro {
    /// Times one injector on the page that comes by standard input.
    ///
    /// The coding is given as a `Content-Encoding` and goes through ``InjectionDecision``, so that whatever Tombolo does
    /// with a response of this coding is what is measured.
    static func injection(_ arguments: [String]) {
        guard arguments.count == 4, let size = Int(arguments[1]), size > 0, let seconds = Double(arguments[2]) else {
            fail("usage: Micro inject CODING CHUNK SECONDS TAG < page")
        }
        let page = standardInput()
        let facts = InjectionFacts(
            contentType: .one(ByteBuffer(string: "text/html; charset=utf-8").readableBytesView),
            contentEncoding: .one(ByteBuffer(string: arguments[0]).readableBytesView),
            fetchDestination: .one(ByteBuffer(string: "document").readableBytesView))
        guard case .inject(let coding, let requiresDocumentMarker) = InjectionDecision.decide(facts) else {
            print("missing")
            return
        }
        let passage = Passage(
            chunks: chunks(of: page, size: size),
            makeInjector: {
                coding.makeInjector(
                    tag: ByteBuffer(string: arguments[3]), requiresDocumentMarker: requiresDocumentMarker)
            })
        let (outcome, length) = passage.once()
        guard outcome == .injected else { fail("the tag was not inserted: \(outcome)") }
        let samples = Timing { _ = passage.once() }.samples(seconds: seconds)
        let median = samples[samples.count / 2]
        print(#"{"median":\#(median),"least":\#(samples[0]),"samples":\#(samples.count),"length":\#(length)}"#)
    }

    /// Buffers of their own, as the proxy gets them from its socket.
    private static func chunks(of page: [UInt8], size: Int) -> [ByteBuffer] {
        stride(from: 0, to: page.count, by: size).map { ByteBuffer(bytes: page[$0..<min($0 + size, page.count)]) }
    }

    private static func standardInput() -> [UInt8] {
        var page: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &block, block.count)
            if count <= 0 { return page }
            page += block[..<count]
        }
    }
}

/// One page in chunks, and the injector that it goes through.
private struct Passage {
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
}
