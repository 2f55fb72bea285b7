/// Takes decisions off the front of an input, so that the fuzzer can learn what they do.
public struct InputReader {
    /// What has not been taken.
    public private(set) var rest: UnsafeRawBufferPointer.SubSequence

    /// A reader at the start of `bytes`.
    public init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    /// The next byte; 0 when there is none.
    public mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number in `range`, of the next byte. The range must have 256 members or fewer for all to be reached.
    public mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(byte()) % range.count
    }
}
