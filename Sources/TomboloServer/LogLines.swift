internal import Configuration
internal import FoundationEssentials
public import Logging

#if canImport(Glibc)
    internal import Glibc
#endif

/// Writes log records to standard error: text for a terminal, one JSON object a line for everything else.
///
/// Callers give identifiers by fingerprint only; a handle, a ticket or a cookie's value never reaches a log record.
public struct LogLines: LogHandler {
    /// How a record looks.
    public enum Format: Sendable {
        /// Time, level, message and metadata in columns.
        case human
        /// `{"time":…,"level":…,"message":…,…metadata}`.
        case json
    }

    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Format

    /// Makes the handler of one logger.
    public init(label: String, format: Format, level: Logger.Level) {
        self.label = label
        self.format = format
        logLevel = level
    }

    /// The format that fits where standard error leads.
    public static var fitting: Format { isatty(STDERR_FILENO) == 1 ? .human : .json }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { fields["error"] = "\(error)" }
        let pairs = fields.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let time = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        var line: String
        switch format {
        case .human:
            line = "\(time.dropFirst(11).prefix(12))  \(Self.padded(event.level.rawValue, 8))  \(event.message)"
            for (key, value) in pairs { line += "  \(key)=\(Self.escaped(value, quotes: value.contains(" ")))" }
        case .json:
            line = "{\"time\":\"\(time)Z\",\"level\":\"\(event.level.rawValue)\",\"logger\":\"\(label)\""
            line += ",\"message\":\(Self.escaped("\(event.message)", quotes: true))"
            for (key, value) in pairs {
                line += ",\(Self.escaped(key, quotes: true)):\(Self.escaped(value, quotes: true))"
            }
            line += "}"
        }
        // One write a record, so that records of several threads do not mix.
        StandardError.write(line + "\n")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Control characters never reach a terminal or break a line.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = quotes ? "\"" : ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes: out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + (quotes ? "\"" : "")
    }
}
