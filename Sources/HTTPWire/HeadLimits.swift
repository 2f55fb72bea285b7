/// What a message head, or a trailer section, may cost us at most.
public struct HeadLimits: Hashable, Sendable {
    /// The whole head in bytes, with all its line ends. Also the limit of a trailer section.
    public var maxBytes: Int

    /// The number of field lines.
    public var maxFields: Int

    /// One line in bytes, its CRLF included: the start line, or any field line.
    public var maxLine: Int

    /// Limits that fit browsers and common apps: 32 KiB, 100 fields, 8 KiB a line. Negative values mean 0.
    public init(maxBytes: Int = 32 * 1024, maxFields: Int = 100, maxLine: Int = 8 * 1024) {
        self.maxBytes = max(0, maxBytes)
        self.maxFields = max(0, maxFields)
        self.maxLine = max(0, maxLine)
    }
}
