import NIOCore

/// How large the buffers are that a channel reads into: as NIO's adaptive allocator has it, but with a bound on what
/// the channel keeps between two reads.
///
/// NIO keeps the first buffer of a channel for its whole life and lets it grow to the largest size that was ever asked
/// for. With ten thousand idle connections that is the larger part of what they cost. Here a channel keeps a small
/// buffer; larger ones are made for one read each, and belong to whoever takes what was read.
struct ReceiveAllocator: RecvByteBufferAllocator {
    private var sizes: AdaptiveRecvByteBufferAllocator
    /// The size of the first buffer, which is the one that is kept.
    private let first: Int
    /// The largest size for which the kept buffer is used again.
    private let kept: Int
    private var isFirst = true

    /// - Parameters:
    ///   - first: the size of the first read's buffer.
    ///   - minimum: the size of the smallest of the others; if `first` is smaller, the first buffer is not used again.
    ///   - maximum: the size of the largest.
    init(first: Int, minimum: Int, maximum: Int) {
        sizes = AdaptiveRecvByteBufferAllocator(minimum: minimum, initial: minimum, maximum: maximum)
        self.first = first
        kept = first < minimum ? 0 : minimum
    }

    /// For a channel that has read already: small buffers again, whatever was learnt from the last message.
    var again: ReceiveAllocator {
        var allocator = self
        allocator.isFirst = false
        return allocator
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        isFirst ? allocator.buffer(capacity: first) : sizes.buffer(allocator: allocator)
    }

    /// Returns whether the next buffer has to be a new one.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        _ = sizes.record(actualReadBytes: actualReadBytes)
        return nextBufferSize() == nil
    }

    /// The size for which the kept buffer may be used; nil if it may not.
    func nextBufferSize() -> Int? {
        guard !isFirst, let size = sizes.nextBufferSize(), size <= kept else { return nil }
        return size
    }
}
