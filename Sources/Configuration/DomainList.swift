/// What a domain list file says.
struct DomainList {
    /// The lines without mistakes.
    var domains: [Domain] = []
    /// Which domains say themselves whether the loader is put into their pages, by index.
    var ownInject: Set<Int> = []
    /// The patterns of all lines, those with mistakes behind the host name too.
    var patterns: Set<HostPattern> = []
    /// Whether a line has no pattern that could be understood, so that something may be missing here.
    var isIncomplete = false
}

/// Reads a domain list file: a line a domain, `host upstream,upstream… key=value…`; a `#` at the beginning of a word
/// starts a comment.
struct DomainListReader {
    let file: String
    let session: LoadSession
    private var list = DomainList()
    private var line = 0

    init(file: String, session: LoadSession) {
        self.file = file
        self.session = session
    }

    /// Reads all lines, and reports all mistakes.
    mutating func read(_ bytes: [UInt8]) -> DomainList {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        for raw in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            let trimmed = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            guard let text = String(validating: trimmed, as: UTF8.self) else {
                report(1, "the line is not UTF-8")
                list.isIncomplete = true
                continue
            }
            readLine(words(text))
        }
        return list
    }

    // MARK: Lines

    typealias Word = (text: String, column: Int)

    private func words(_ text: String) -> [Word] {
        var words: [Word] = []
        var word = ""
        var start = 0
        // By scalars: a \r in the middle or a combining mark must not hide a space.
        for (offset, scalar) in text.unicodeScalars.enumerated() {
            if scalar == " " || scalar == "\t" {
                if !word.isEmpty { words.append((word, start)) }
                word = ""
                continue
            }
            if word.isEmpty {
                if scalar == "#" { return words }
                start = offset + 1
            }
            word.unicodeScalars.append(scalar)
        }
        if !word.isEmpty { words.append((word, start)) }
        return words
    }

    private mutating func readLine(_ words: [Word]) {
        guard let host = words.first else { return }
        var pattern: HostPattern?
        do {
            pattern = try HostPattern(parsing: host.text)
        } catch {
            report(host.column, error.message, error.remedy)
            list.isIncomplete = true
        }
        if let pattern { list.patterns.insert(pattern) }
        guard words.count > 1 else {
            report(host.column, "the upstream is missing", ["write HOST http://HOST:PORT or HOST unix:PATH"])
            return
        }
        let upstreams = readUpstreams(words[1])
        let settings = readSettings(words.dropFirst(2), pattern, upstreams)
        guard let pattern, let upstream = upstreams?.first else { return }
        if settings.inject != nil { list.ownInject.insert(list.domains.count) }
        list.domains.append(
            Domain(
                pattern: pattern, upstream: upstream, alternatives: upstreams.map { Array($0.dropFirst()) } ?? [],
                access: settings.access, app: settings.app, inject: settings.inject ?? .everywhere,
                cookieDomain: settings.cookieDomain, file: file, line: line))
    }

    // MARK: Settings

    private struct Settings {
        var app: String?
        var inject: PathPatterns?
        var cookieDomain: String?
        var access = UpstreamAccess()
    }

    /// `upstreams` are nil if they have mistakes.
    private func readSettings(
        _ words: ArraySlice<Word>, _ pattern: HostPattern?, _ upstreams: [UpstreamAddress]?
    ) -> Settings {
        var settings = Settings()
        var seen: Set<String> = []
        var access = UpstreamAccessReader(list: self, upstreams: upstreams)
        for word in words {
            let parts = word.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let key = parts.first.map(String.init), let value = parts.last.map(String.init)
            else {
                report(word.column, "expected a setting like inject=off, found \(Display.quote(word.text))")
                continue
            }
            guard seen.insert(key).inserted else {
                report(word.column, "\(Display.quote(key)) is set twice")
                continue
            }
            switch key {
            case "app": settings.app = app(value, word.column)
            case "inject": settings.inject = inject(value, word.column)
            case "cookie_domain": settings.cookieDomain = cookieDomain(value, word.column, pattern)
            case "access", "login_url":
                report(word.column, "\(key) is not available in this version", ["let the app itself refuse visitors"])
            default:
                if access.read(key, value, word.column) { continue }
                let known = (["app", "cookie_domain", "inject"] + UpstreamAccessReader.keys).sorted()
                let suggestion = DidYouMean.suggestion(for: key, among: known).map { "did you mean \"\($0)\"?" }
                report(
                    word.column, "unknown setting \(Display.quote(key))",
                    [suggestion ?? "known here: \(known.joined(separator: ", "))"])
            }
        }
        settings.access = access.finish()
        return settings
    }

    private func app(_ value: String, _ column: Int) -> String? {
        guard (1...256).contains(value.utf8.count), value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            report(
                column, "app: expected a name, found \(Display.quote(value))", ["use 1 to 256 visible ASCII characters"]
            )
            return nil
        }
        return value
    }

    private func inject(_ value: String, _ column: Int) -> PathPatterns? {
        switch value {
        case "on": return .everywhere
        case "off": return .nowhere
        default: break
        }
        guard value.contains("/") else {
            report(
                column, "inject: expected on, off or path patterns, found \(Display.quote(value))",
                [PathPatterns.listExample])
            return nil
        }
        var patterns: [PathPatterns.Pattern] = []
        var hasMistake = false
        var start = column + "inject=".count
        for text in value.split(separator: ",", omittingEmptySubsequences: false) {
            do {
                patterns.append(try PathPatterns.Pattern(parsing: text))
            } catch {
                report(start, "inject: \(error.message)", error.remedy)
                hasMistake = true
            }
            start += text.unicodeScalars.count + 1
        }
        return hasMistake ? nil : PathPatterns(patterns)
    }

    private func cookieDomain(_ value: String, _ column: Int, _ pattern: HostPattern?) -> String? {
        let domain: String
        do {
            domain = try HostName.parse(value.hasPrefix(".") ? String(value.dropFirst()) : value)
        } catch {
            report(column, "cookie_domain: \(error.message)", error.remedy)
            return nil
        }
        guard let pattern else { return nil }
        guard PublicSuffix.isAvailable else {
            report(
                column, "cookie_domain needs a Public Suffix List, and this build has none", ["build it with libpsl"])
            return nil
        }
        guard CIDR.addressBytes(domain) == nil else {
            report(column, "cookie_domain: an IP address has no subdomains", ["leave cookie_domain out"])
            return nil
        }
        guard HostName.lies(pattern.name, under: domain) else {
            report(
                column, "cookie_domain: \(pattern) does not lie under \(domain); browsers would refuse the cookie",
                ["write \(pattern.name) or a domain that it lies under"])
            return nil
        }
        guard !PublicSuffix.isPublicSuffix(domain) else {
            report(
                column, "cookie_domain: \(domain) is a public suffix; browsers would refuse the cookie",
                ["write a domain under it that you own"])
            return nil
        }
        return domain
    }

    func report(_ column: Int, _ message: String, _ remedy: [String] = []) {
        session.report(file, Position(line: line, column: column), message, remedy)
    }
}
