extension Configuration {
    /// `[internal]`: the listener for operators and their tools.
    public struct Internal: Sendable, Equatable {
        /// Loopback addresses and Unix sockets. Default: none, and nothing is listened on.
        public var listen: [ListenAddress]

        /// Creates the section; the default is the documented one.
        public init(listen: [ListenAddress] = []) { self.listen = listen }
    }

    /// The `access…` keys of `[log]`: a line for every request.
    public struct AccessLog: Sendable, Equatable {
        /// The form of a line.
        public enum Format: String, Sendable, Equatable, CaseIterable {
            /// One JSON object.
            case json
            /// Apache's combined log format.
            case combined
        }

        /// Where the lines go.
        public enum Destination: Sendable, Equatable, CustomStringConvertible {
            /// Standard output.
            case standardOutput
            /// A file that is appended to.
            case file(String)

            /// `stdout`, or the path.
            public var description: String {
                switch self {
                case .standardOutput: "stdout"
                case .file(let path): path
                }
            }
        }

        /// Which paths' requests are logged. Default: none.
        public var paths: PathPatterns
        /// Default: ``Format/json``.
        public var format: Format
        /// Default: ``Destination/standardOutput``.
        public var destination: Destination

        /// Creates the section; the defaults are the documented ones.
        public init(
            paths: PathPatterns = .nowhere, format: Format = .json, destination: Destination = .standardOutput
        ) {
            self.paths = paths
            self.format = format
            self.destination = destination
        }
    }
}
