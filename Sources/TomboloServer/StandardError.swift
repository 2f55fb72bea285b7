#if canImport(Glibc)
    internal import Glibc
#endif

/// Standard error, for messages to the person at the terminal.
public enum StandardError {
    /// Writes the text as it is, all of it, or as much as anybody takes.
    public static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }  // nobody reads: there is no better place to say so
            bytes = bytes.dropFirst(count)
        }
    }
}
