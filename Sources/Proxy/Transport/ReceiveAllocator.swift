import NIOCore

/// How large the buffers are that a channel reads into: as NIO's adaptive allocator has it, but with a bound on what
/// the channel keeps between two reads.
///
/// NIO keeps the first buffer of a channel for its whole life and lets it grow to the largest size that was ever asked
/// for. With ten thousand idle connections that is the larger part of what they cost. Here a channel keeps a small
/// buffer; larger ones are made for one read each, and belong to whoever takes what was read.
///
/// No larger than three words: NIO has it as an existential, which holds so much without an allocation.
struct ReceiveAllocator: RecvByteBufferAllocator {
    /// The size of the first buffer, which is the one that is kept.
    private let first: UInt32
    private let minimum: UInt32
    private let maximum: UInt32
    /// The size of the next buffer, unless it is the first.
    private var size: UInt32
    private var isFirst = true
    /// Whether the last read filled less than half of its buffer: two of them make the next buffer smaller.
    private var wasSmall = false

    /// - Parameters:
    ///   - first: the size of the first read's buffer.
    ///   - minimum: the size of the smallest of the others; if `first` is smaller, the first buffer is not used again.
    ///   - maximum: the size of the largest, `minimum` times a power of two.
    init(first: UInt32, minimum: UInt32, maximum: UInt32) {
        self.first = first
        self.minimum = minimum
        self.maximum = maximum
        size = minimum
    }

    /// For a channel that has read already: small buffers again, whatever was learnt from the last message.
    var again: ReceiveAllocator {
        var allocator = self
        allocator.isFirst = false
        return allocator
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: Int(isFirst ? first : size))
    }

    /// Returns whether the next buffer has to be a new one.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        if actualReadBytes >= size {
            wasSmall = false
            if size <= maximum / 2 { size *= 2 }
        } else if actualReadBytes <= size / 2, size > minimum {
            if wasSmall { size /= 2 }
            wasSmall.toggle()
        } else {
            wasSmall = false
        }
        return nextBufferSize() == nil
    }

    /// The size for which the kept buffer may be used; nil if it may not.
    func nextBufferSize() -> Int? {
        // The first is the only one that is kept.
        guard !isFirst, first >= minimum, size <= minimum else { return nil }
        return Int(size)
    }
}
