import FoundationEssentials

/// Why stored bytes are not a record. The store's fault, or that of a newer program; the bytes are not repeated here.
public enum SessionRecordError: Error, Equatable, Sendable {
    /// Not the JSON of a record.
    case malformed
    /// A record of a version that this program does not know.
    case unsupportedVersion(Int)
}

extension SessionRecordError: CustomStringConvertible {
    /// A sentence for logs, without the record's content.
    public var description: String {
        switch self {
        case .malformed: "the stored session record is damaged"
        case .unsupportedVersion(let version):
            "the stored session record has version \(version), which is not known here"
        }
    }
}

extension SessionRecord {
    /// The version that is written.
    static let version = 1

    /// The record as JSON (RFC 8259) with sorted keys, for a store: equal records give equal bytes.
    public func encode() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            // Only floating-point numbers can be refused, and a record has none.
            preconditionFailure("a session record cannot be encoded: \(error)")
        }
    }

    /// Reads what `encode` wrote, this version's or an earlier one's; unknown fields are ignored.
    ///
    /// - Throws: `SessionRecordError`.
    public static func decode(_ bytes: some Sequence<UInt8>) throws(SessionRecordError) -> SessionRecord {
        do {
            return try JSONDecoder().decode(SessionRecord.self, from: Data(bytes))
        } catch let error as SessionRecordError {
            throw error
        } catch {
            throw .malformed
        }
    }
}

extension SessionRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case version = "v"
        case createdAt, lastSeen, epoch, epochHost, user, userApp, appUsers, isPersistent, cookies, deletedCookies, data
        case revokedAt, forward, mergedFrom
    }

    /// Reads a record; only the version and `createdAt` are required.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let version = try fields.decode(Int.self, forKey: .version)
        guard version == SessionRecord.version else { throw SessionRecordError.unsupportedVersion(version) }
        self.init(
            createdAt: try fields.decode(Timestamp.self, forKey: .createdAt),
            lastSeen: try fields.decodeIfPresent(Timestamp.self, forKey: .lastSeen),
            epoch: try fields.decodeIfPresent(UInt32.self, forKey: .epoch) ?? 0,
            epochHost: try fields.decodeIfPresent(String.self, forKey: .epochHost),
            user: try fields.decodeIfPresent(String.self, forKey: .user),
            userApp: try fields.decodeIfPresent(String.self, forKey: .userApp),
            appUsers: try fields.decodeIfPresent([AppUser].self, forKey: .appUsers) ?? [],
            isPersistent: try fields.decodeIfPresent(Bool.self, forKey: .isPersistent) ?? false,
            cookies: try fields.decodeIfPresent([AppCookie].self, forKey: .cookies) ?? [],
            deletedCookies: try fields.decodeIfPresent([CookieKey].self, forKey: .deletedCookies) ?? [],
            data: try fields.decodeIfPresent(String.self, forKey: .data),
            revokedAt: try fields.decodeIfPresent(Timestamp.self, forKey: .revokedAt),
            forward: try fields.decodeIfPresent(Forward.self, forKey: .forward),
            mergedFrom: try fields.decodeIfPresent([Merge].self, forKey: .mergedFrom) ?? [])
    }

    /// Writes the record with its version, without the fields that say nothing.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(SessionRecord.version, forKey: .version)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(lastSeen, forKey: .lastSeen)
        try fields.encode(epoch, forKey: .epoch)
        try fields.encodeIfPresent(epochHost, forKey: .epochHost)
        try fields.encodeIfPresent(user, forKey: .user)
        try fields.encodeIfPresent(userApp, forKey: .userApp)
        if !appUsers.isEmpty { try fields.encode(appUsers, forKey: .appUsers) }
        try fields.encode(isPersistent, forKey: .isPersistent)
        if !cookies.isEmpty { try fields.encode(cookies, forKey: .cookies) }
        if !deletedCookies.isEmpty { try fields.encode(deletedCookies, forKey: .deletedCookies) }
        try fields.encodeIfPresent(data, forKey: .data)
        try fields.encodeIfPresent(revokedAt, forKey: .revokedAt)
        try fields.encodeIfPresent(forward, forKey: .forward)
        if !mergedFrom.isEmpty { try fields.encode(mergedFrom, forKey: .mergedFrom) }
    }
}
