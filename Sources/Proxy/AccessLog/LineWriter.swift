internal import Configuration
internal import Metrics
internal import NIOConcurrencyHelpers
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Writes pieces of text to a file on a thread of its own, in the order in which they came.
public final class LineWriter: @unchecked Sendable {
    /// Why the file cannot be opened.
    public struct OpenFailure: Error, CustomStringConvertible {
        /// The file.
        public let path: String
        /// What the system says.
        public let reason: String
        /// Both in a sentence.
        public var description: String { "cannot open \(path): \(reason)" }
    }

    private enum Counter: Int, CaseIterable { case written, dropped, failed }

    private struct Piece {
        var bytes: ByteBuffer
        var lines: Int
    }

    /// So many bytes may wait for the thread: at 300 bytes a line, a second of some 50 000 requests.
    private static let capacity = 16 << 20

    private let destination: Configuration.AccessLog.Destination
    private let report: @Sendable (String) -> Void
    private let counters = CounterArray(count: Counter.allCases.count)
    /// True when there is something to do.
    private let readiness = ConditionLock(value: false)
    /// True when the thread has ended.
    private let isOver = ConditionLock(value: false)
    // Under the lock.
    private var waiting: [Piece] = []
    private var waitingBytes = 0
    private var mustReopen = false
    private var isClosed = false
    // The thread's own.
    private var descriptor: Int32
    private var isInTrouble = false

    /// Opens the file and starts the thread.
    ///
    /// - Parameter report: is told once when writing begins to fail, and again only after it has worked in between.
    /// - Throws: ``OpenFailure``.
    init(
        _ destination: Configuration.AccessLog.Destination, report: @escaping @Sendable (String) -> Void
    ) throws(OpenFailure) {
        self.destination = destination
        self.report = report
        descriptor = try Self.open(destination)
        let thread = Unmanaged.passRetained(self)
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { argument in
                if let argument { Unmanaged<LineWriter>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, thread.toOpaque())
        guard code == 0 else {
            thread.release()
            throw OpenFailure(path: "\(destination)", reason: "the system has no thread for it")
        }
        pthread_detach(id)
    }

    /// Lines written, dropped for want of room, and lost in writes that failed.
    var lines: (written: Int, dropped: Int, failed: Int) {
        (
            counters[Counter.written.rawValue], counters[Counter.dropped.rawValue],
            counters[Counter.failed.rawValue]
        )
    }

    /// Queues a piece of whole lines; drops it if too much is waiting already.
    func push(_ bytes: ByteBuffer, lines: Int) {
        readiness.lock()
        if isClosed || waitingBytes + bytes.readableBytes > Self.capacity {
            counters.add(Counter.dropped.rawValue, lines)
        } else {
            waiting.append(Piece(bytes: bytes, lines: lines))
            waitingBytes += bytes.readableBytes
        }
        readiness.unlock(withValue: isReady)
    }

    /// Opens the file again, after what waits has been written.
    func reopen() {
        readiness.lock()
        mustReopen = true
        readiness.unlock(withValue: true)
    }

    /// Writes what waits and closes; gives up on a file that takes nothing for so many seconds.
    func close(within seconds: Double) {
        readiness.lock()
        isClosed = true
        readiness.unlock(withValue: true)
        if isOver.lock(whenValue: true, timeoutSeconds: seconds) { isOver.unlock() }
    }

    private var isReady: Bool { !waiting.isEmpty || mustReopen || isClosed }

    // MARK: The thread

    private func run() {
        while true {
            readiness.lock(whenValue: true)
            let (pieces, reopens, ends) = (waiting, mustReopen, isClosed)
            waiting = []
            waitingBytes = 0
            mustReopen = false
            readiness.unlock(withValue: isClosed)
            for piece in pieces { write(piece) }
            if reopens { openAgain() }
            if ends, pieces.isEmpty { break }
        }
        if case .file = destination { Glibc.close(descriptor) }
        isOver.lock()
        isOver.unlock(withValue: true)
    }

    private func write(_ piece: Piece) {
        let problem = piece.bytes.withUnsafeReadableBytes { writeAll($0) }
        counters.add((problem == nil ? Counter.written : .failed).rawValue, piece.lines)
        if let problem, !isInTrouble { report("\(destination): \(problem)") }
        isInTrouble = problem != nil
    }

    /// Returns what went wrong.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> String? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Standard output can be somebody's pipe or terminal that is not to be waited for.
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, 1000)
            } else if count < 0, errno != EINTR {
                return String(cString: strerror(errno))
            }
        }
        return nil
    }

    private func openAgain() {
        guard case .file = destination else { return }
        do {
            let fresh = try Self.open(destination)
            Glibc.close(descriptor)
            descriptor = fresh
        } catch {
            report("\(error); writing to the file that was open goes on")
        }
    }

    private static func open(_ destination: Configuration.AccessLog.Destination) throws(OpenFailure) -> Int32 {
        guard case .file(let path) = destination else { return STDOUT_FILENO }
        // Not blocking while it opens: a pipe that nobody reads is a mistake to report, not one to wait for.
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard descriptor >= 0 else {
            throw OpenFailure(path: path, reason: String(cString: strerror(errno)))
        }
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
        return descriptor
    }
}
