internal import Glibc

/// Loads a configuration from its files.
public enum ConfigurationFiles {
    /// What came of an attempt to load a configuration.
    public struct Loaded: Sendable {
        /// The configuration, or every mistake that was found.
        public let result: Result<Configuration, ConfigurationIssues>
        /// The files that the configuration depends on, the configuration file first: a change of any of them is a
        /// reason to load again. Complete after a failure, too, as far as the files could be read. The keys file is
        /// not among them.
        public let watchedFiles: [String]
    }

    /// Looks up a variable in the environment of this process.
    public static func processEnvironment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Reads the configuration file at `path`, with all the files that it names.
    ///
    /// Nothing is changed anywhere: the keys file and the store are named, not opened. Blocks for as long as the file
    /// system does.
    ///
    /// - Parameters:
    ///   - path: the configuration file. Relative paths in a file are seen from that file's directory.
    ///   - environment: looks up the environment variables that hold secrets. Default: the environment of this process.
    public static func load(
        _ path: String, environment: (String) -> String? = { ConfigurationFiles.processEnvironment($0) }
    ) -> Loaded {
        withoutActuallyEscaping(environment) { environment in
            let session = LoadSession(environment: environment)
            let configuration = load(path, session)
            guard let configuration, !session.hasIssues else {
                return Loaded(
                    result: .failure(ConfigurationIssues(session.sortedIssues)), watchedFiles: session.files)
            }
            return Loaded(result: .success(configuration), watchedFiles: session.files)
        }
    }

    /// As ``load(_:environment:)``, with the gathering left to the caller.
    static func load(_ path: String, _ session: LoadSession) -> Configuration? {
        session.depend(on: path)
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path, limit: 1 << 20)
        } catch {
            session.report(path, Position(), "cannot read the configuration file: \(error.reason)", error.remedy)
            return nil
        }
        do {
            return ConfigurationReader(file: path, session: session).read(try TOMLDocument(bytes))
        } catch {
            session.report(path, error.position, "this is no TOML: \(error.message)", error.remedy)
            return nil
        }
    }
}
