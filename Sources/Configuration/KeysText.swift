/// The text of a keys file.
enum KeysText {
    /// Comments, then a line a key.
    static func format(_ keys: [KeysFile.Entry]) -> [UInt8] {
        let header = """
            # The keys that seal Tombolo's cookies and tickets. Whoever reads them can forge sessions: mode 0600, never
            # in version control. Without them all browsers lose their sessions: put them into the backup.
            # One key a line: id, time of creation (Unix seconds), 32 bytes in base64url. The newest seals, all of them
            # open. Change them with: tombolo keys rotate

            """
        let lines = keys.map { "\($0.id) \($0.createdAt) \(Base64URL.encode($0.bytes))\n" }
        return Array((header + lines.joined()).utf8)
    }

    /// The keys, oldest first. Reports all malformed lines.
    static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationIssues) -> [KeysFile.Entry] {
        var keys: [KeysFile.Entry] = []
        var issues: [ConfigurationIssue] = []
        var lines: [UInt32: Int] = [:]
        for (index, raw) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let text = String(decoding: raw, as: UTF8.self)
            let words = text.unicodeScalars.split { [" ", "\t", "\r"].contains($0) }.map { String($0) }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func report(_ message: String, _ remedy: [String]) {
                issues.append(
                    ConfigurationIssue(file: file, line: index + 1, column: 1, message: message, remedy: remedy))
            }
            let restore = ["restore the line from a backup, or remove it: sessions sealed with it end"]
            guard words.count == 3 else {
                report("expected three words, id, time and key, found \(words.count)", restore)
                continue
            }
            guard let id = UInt32(first), id > 0 else {
                report("the id is no number from 1 to \(UInt32.max)", restore)
                continue
            }
            guard let createdAt = Int64(words[1]), createdAt >= 0 else {
                report("the time of creation is no Unix time in seconds", restore)
                continue
            }
            guard let key = Base64URL.decode(words[2]), key.count == KeysFile.keyLength else {
                report("the key is not \(KeysFile.keyLength) bytes in base64url without padding", restore)
                continue
            }
            if let line = lines.updateValue(index + 1, forKey: id) {
                report("the id \(id) is that of line \(line), too", ["remove one of the two lines"])
                continue
            }
            keys.append(KeysFile.Entry(id: id, createdAt: createdAt, bytes: key))
        }
        if keys.isEmpty, issues.isEmpty {
            issues.append(
                ConfigurationIssue(
                    file: file, line: 1, column: 1, message: "there is no key in this file",
                    remedy: [
                        "restore it from a backup, or remove it: the next start makes a new one, and all sessions end"
                    ]))
        }
        guard issues.isEmpty else { throw ConfigurationIssues(issues) }
        return keys.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }
}

/// Base64url without padding (RFC 4648 §5), canonical: one text for one value.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                out.append(alphabet[Int(bits >> UInt32(count)) & 63])
            }
        }
        if count > 0 { out.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil if `text` is not what ``encode(_:)`` makes of some bytes.
    static func decode(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        guard count < 6, bits & ((1 << UInt32(count)) - 1) == 0 else { return nil }
        return out
    }
}
