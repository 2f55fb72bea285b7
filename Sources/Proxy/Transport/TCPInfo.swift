import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

#if os(Linux)

    /// What Linux says about a TCP connection (`TCP_INFO`, struct `tcp_info` of linux/tcp.h), as far as it is wanted
    /// here: the C library's own declaration ends before that.
    struct TCPInfo {
        /// 8 small fields, 24 numbers of four bytes, and three of eight, the last of which is `tcpi_bytes_acked` (since
        /// Linux 4.1).
        private var flags: UInt64 = 0
        private var counts:
            (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
                (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        private var pacing: (UInt64, UInt64) = (0, 0)
        /// Bytes that the peer's system has acknowledged.
        private(set) var acknowledged: UInt64 = 0

        static let level = SocketOptionLevel(IPPROTO_TCP)
        static let name = SocketOptionName(TCP_INFO)
    }
#endif
