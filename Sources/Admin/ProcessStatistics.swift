#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the kernel says of this process (proc(5)); what it does not say is nil.
struct ProcessStatistics {
    var residentBytes: Int?
    var virtualBytes: Int?
    var openDescriptors: Int?
    var maxDescriptors: Int?
    var cpuSeconds: Double
    /// Unix time.
    var startSeconds: Double?

    init() {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let pages = Self.text(of: "/proc/self/statm").split(separator: " ").prefix(2).compactMap { Int($0) }
        if pages.count == 2, page > 0 {
            virtualBytes = pages[0].multipliedReportingOverflow(by: page).partialValue
            residentBytes = pages[1].multipliedReportingOverflow(by: page).partialValue
        }
        openDescriptors = Self.countDescriptors()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            maxDescriptors = Int(clamping: limit.rlim_cur)
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        startSeconds = Self.startTime()
    }

    /// Field 22 of `/proc/self/stat`, in ticks since the machine started; the name in field 2 may hold anything.
    private static func startTime() -> Double? {
        let stat = text(of: "/proc/self/stat")
        guard let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        let boot = text(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        let perSecond = sysconf(Int32(_SC_CLK_TCK))
        guard fields.count > 19, let ticks = Double(fields[19]), perSecond > 0,
            let booted = boot.flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        return booted + ticks / Double(perSecond)
    }

    private static func countDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder's own.
        return max(0, count - 3)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
