/// Which paths a setting is for: patterns of which the last that matches decides.
///
/// In a pattern `*` stands for any run of bytes, `/` included, and everything else for itself; a `!` before it excludes
/// what it matches. Where no pattern matches, a list that begins with an exclusion includes the path, any other does
/// not: `!/embed/*` is everything but that, `/shop/*, !/shop/api/*` nothing but the shop.
public struct PathPatterns: Sendable, Equatable, CustomStringConvertible {
    /// The patterns in the order in which they were written. None at all: no path is included.
    public let patterns: [Pattern]
    private let isEverything: Bool

    /// Every path.
    public static let everywhere = PathPatterns([], isEverything: true)
    /// No path.
    public static let nowhere = PathPatterns([], isEverything: false)

    /// The paths that these patterns tell; none if there is no pattern.
    public init(_ patterns: [Pattern]) { self.init(patterns, isEverything: false) }

    private init(_ patterns: [Pattern], isEverything: Bool) {
        self.patterns = patterns
        self.isEverything = isEverything
    }

    /// Whether a path is included: the raw path as the app sees it, percent-encoding left alone, without query. An empty
    /// path is `/` (RFC 9110 §4.2.3).
    public func includes(_ path: some Collection<UInt8>) -> Bool {
        guard let first = patterns.first else { return isEverything }
        guard !path.isEmpty else { return includes(CollectionOfOne(UInt8(ascii: "/"))) }
        guard let decisive = patterns.last(where: { $0.matches(path) }) else { return first.isExclusion }
        return !decisive.isExclusion
    }

    /// As written in a domain list file: `on`, `off`, or the patterns with commas between.
    public var description: String {
        guard !patterns.isEmpty else { return isEverything ? "on" : "off" }
        return patterns.map(\.description).joined(separator: ",")
    }
}

extension PathPatterns {
    /// One pattern.
    public struct Pattern: Sendable, Equatable, CustomStringConvertible {
        /// Whether what it matches is excluded.
        public let isExclusion: Bool
        /// The pattern's bytes, without the `!`.
        private let bytes: [UInt8]

        /// As written.
        public var description: String { (isExclusion ? "!" : "") + String(decoding: bytes, as: UTF8.self) }

        init(parsing text: some StringProtocol) throws(PathPatternError) {
            isExclusion = text.hasPrefix("!")
            bytes = Array(text.utf8.dropFirst(isExclusion ? 1 : 0))
            guard bytes.first == UInt8(ascii: "/") else { throw .notAbsolute(String(text)) }
            for scalar in text.unicodeScalars {
                if scalar == "?" || scalar == "#" { throw .notPath(String(text), scalar) }
                guard (0x21...0x7E).contains(scalar.value) else { throw .notVisibleASCII(String(text)) }
            }
        }

        /// Whether the pattern matches the whole of a path.
        ///
        /// After a mismatch only the last `*` takes one byte more: an earlier one has already taken the shortest run that
        /// lets the rest follow. So the time is at most the product of both lengths, and no stack is needed.
        func matches<Path: Collection<UInt8>>(_ path: Path) -> Bool {
            var inPattern = bytes.startIndex
            var inPath = path.startIndex
            var retry: (pattern: Int, path: Path.Index)?
            while inPath < path.endIndex {
                if inPattern < bytes.endIndex, bytes[inPattern] == UInt8(ascii: "*") {
                    inPattern += 1
                    retry = (inPattern, inPath)
                } else if inPattern < bytes.endIndex, bytes[inPattern] == path[inPath] {
                    inPattern += 1
                    path.formIndex(after: &inPath)
                } else if let last = retry {
                    inPattern = last.pattern
                    inPath = path.index(after: last.path)
                    retry = (inPattern, inPath)
                } else {
                    return false
                }
            }
            return bytes[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
        }
    }

    /// Completes "write …" in messages about domain lists.
    static let listExample = "write inject=off, or patterns like inject=/*,!/embed/*"
}

/// Why a text is no path pattern.
struct PathPatternError: Error {
    let message: String
    let remedy: [String]

    static func notAbsolute(_ text: String) -> PathPatternError {
        guard !text.isEmpty else {
            return PathPatternError(
                message: "a path pattern is empty",
                remedy: ["write a path like /shop/*, or !/embed/* to leave one out"])
        }
        let isExclusion = text.hasPrefix("!")
        let path = text.dropFirst(isExclusion ? 1 : 0)
        return PathPatternError(
            message: "\(Display.quote(text)) does not begin with / or !/",
            remedy: ["write \(Display.quote("\(isExclusion ? "!" : "")/\(path)"))"])
    }

    static func notPath(_ text: String, _ scalar: Unicode.Scalar) -> PathPatternError {
        PathPatternError(
            message: "\(Display.quote(text)) has a \(scalar), and no path has one",
            remedy: ["write the path alone: patterns do not see the query"])
    }

    static func notVisibleASCII(_ text: String) -> PathPatternError {
        PathPatternError(
            message: "\(Display.quote(text)) has a character that no path has as it is",
            remedy: ["write it percent-encoded as browsers send it: %20 for a space, %C3%BC for ü"])
    }
}

extension TableReader {
    /// `true`, `false`, a path pattern or a list of them; nil if the key is absent or wrong, which is then reported.
    mutating func readPathPatterns(_ key: String) -> PathPatterns? {
        let isList = count(key) != nil
        let format = ValueFormat<PathPatterns>(
            expectation: isList ? "path patterns like \"/*\"" : "true, false or a list of path patterns",
            convert: { node in
                if node.kind == .boolean, !isList { return .value(node.text == "true" ? .everywhere : .nowhere) }
                guard node.kind == .string, !["true", "false"].contains(node.text) else { return .unexpected }
                do throws(PathPatternError) {
                    return .value(PathPatterns([try PathPatterns.Pattern(parsing: node.text)]))
                } catch {
                    return .invalid(error.message, remedy: error.remedy)
                }
            },
            remedy: { node in
                if ["true", "false"].contains(node.text), node.kind == .string {
                    return ["write \(key) = \(node.text), without quotes"]
                }
                if node.kind == .boolean { return ["write \(key) = \(node.text), without brackets"] }
                return ["write \(key) = false, or patterns like \(key) = [\"/*\", \"!/embed/*\"]"]
            })
        guard let found = readList(key, format) else { return nil }
        guard isList else { return found.first?.value }
        if count(key) == 0, let position = position(of: key) {
            report(
                position, "\(path(of: key)): the list is empty",
                ["write \(key) = false, or patterns like \(key) = [\"/*\", \"!/embed/*\"]"])
        }
        return PathPatterns(found.flatMap(\.value.patterns))
    }
}
