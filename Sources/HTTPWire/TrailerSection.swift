internal import NIOCore

/// Reads the trailer section of a chunked body (RFC 9112 §7.1.2).
struct TrailerSection: Sendable {
    private var lines: HeadLines
    private let dropped: [FoldedName]
    private var count = 0
    /// The runs of lines that may be forwarded.
    private var kept: [Range<Int>] = []

    init(limits: HeadLimits, dropped: [FoldedName]) {
        lines = HeadLines(limits: limits)
        self.dropped = dropped
    }

    /// Takes the section out of `buffer` once it is complete: the lines that may be forwarded, without the empty line.
    mutating func read(_ buffer: inout ByteBuffer) throws(HTTPWireError.Kind) -> ByteBuffer? {
        let length = try buffer.withUnsafeReadableBytes { (all) throws(HTTPWireError.Kind) -> Int? in
            while let line = try lines.next(in: all, tooLong: .fieldLineTooLong) {
                if line.isEmpty { return lines.position }
                guard count < lines.limits.maxFields else { throw .tooManyFields }
                count += 1
                let field = try FieldLine.parse(all, line)
                if mayForward(all.clamped(field.name)) { keep(field.line) }
            }
            return nil
        }
        guard let length, let section = buffer.readSlice(length: length) else { return nil }
        return forwarded(section)
    }

    private mutating func keep(_ line: Range<Int>) {
        guard let last = kept.last, last.upperBound == line.lowerBound else {
            kept.append(line)
            return
        }
        kept[kept.count - 1] = last.lowerBound..<line.upperBound
    }

    private func forwarded(_ section: ByteBuffer) -> ByteBuffer {
        guard let first = kept.first else { return ByteBuffer() }
        if kept.count == 1 {
            return section.getSlice(at: section.readerIndex + first.lowerBound, length: first.count) ?? ByteBuffer()
        }
        var lines = ByteBuffer()
        for run in kept {
            guard let slice = section.getSlice(at: section.readerIndex + run.lowerBound, length: run.count) else {
                continue
            }
            lines.writeImmutableBuffer(slice)
        }
        return lines
    }

    /// Whether a field with that name may be in a trailer section (RFC 9110 §6.5.1).
    ///
    /// A recipient may merge trailers into the header, so nothing goes through that would mean something there: framing,
    /// routing, credentials, cookies, conditions, caching, how to read the content, or who the client is. Spelled with
    /// `_` or `.` it is no better. What remains is what trailers are used for: `ETag`, digests, and names unknown here
    /// (`grpc-status`, `Server-Timing`, …).
    private func mayForward(_ name: UnsafeRawBufferPointer) -> Bool {
        switch FieldName(name, folding: true) {
        case .etag, .contentDigest, .reprDigest, .digest: break
        case .other:
            for prefix in Self.forbiddenPrefixes where prefix.bytes.count <= name.count {
                if prefix.matches(name.clamped(0..<prefix.bytes.count)) { return false }
            }
        default: return false
        }
        return !dropped.contains { $0.matches(name) }
    }

    /// Families of names that grow; those members that FieldName has a case for never get this far.
    private static let forbiddenPrefixes = ["content-", "if-", "sec-", "proxy-", "access-control-"].map(FoldedName.init)
}
