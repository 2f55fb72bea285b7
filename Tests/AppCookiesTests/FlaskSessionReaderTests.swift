import AppCookies
import Sessions
import Testing

@Suite("Flask sessions")
struct FlaskSessionReaderTests {
    private let reader = FlaskSessionReader(secretKeys: ["flask-secret-key"])
    private let signed = Timestamp(seconds: 1_700_000_000)

    private func read(_ cookie: String, at now: Timestamp? = nil) -> LoginState {
        reader.read(cookie.utf8, now: now ?? signed)
    }

    private func made(_ name: String) throws -> String { try #require(FlaskVectors.made[name], "\(name)") }

    @Test("what Flask wrote", arguments: FlaskVectors.flask)
    func flask(_ vector: (name: String, cookie: String, user: String?)) {
        #expect(read(vector.cookie) == vector.user.map { .user($0) } ?? .anonymous)
    }

    @Test("another session key may hold the user, as a number too")
    func userKey() throws {
        let cookie = try #require(FlaskVectors.flask.first { $0.name == "B1 plain" }).cookie
        func user(_ key: String) -> LoginState {
            FlaskSessionReader(secretKeys: ["flask-secret-key"], userKey: key).read(cookie.utf8, now: signed)
        }
        #expect(user("user_id") == .user("42"))
        #expect(user("name") == .user("Zoë"))
        #expect(user("other") == .anonymous)
    }

    @Test("tagged values in a session written by Flask are no users, except those with a text")
    func tagged() throws {
        let cookie = try #require(FlaskVectors.flask.first { $0.name == "B4 tagged types" }).cookie
        let expected: [String: LoginState] = [
            "b": .unreadable(.unsupportedUser), "d": .unreadable(.unsupportedUser),
            "esc": .unreadable(.unsupportedUser), "f": .unreadable(.unsupportedUser), "m": .user("<b>"),
            "n": .anonymous, "t": .unreadable(.unsupportedUser), "u": .user("12345678-1234-5678-1234-567812345678"),
        ]
        for (key, state) in expected {
            let reader = FlaskSessionReader(secretKeys: ["flask-secret-key"], userKey: key)
            #expect(reader.read(cookie.utf8, now: signed) == state, "\(key)")
        }
    }

    @Test("keys are tried newest first, old ones still count")
    func rotation() throws {
        let old = try made("old key")
        let new = try made("json string")
        func state(_ cookie: String, _ keys: [String]) -> LoginState {
            FlaskSessionReader(secretKeys: keys).read(cookie.utf8, now: signed)
        }
        #expect(state(old, ["old-key", "flask-secret-key"]) == .user("7"))
        #expect(state(new, ["old-key", "flask-secret-key"]) == .user("7"))
        #expect(state(old, ["flask-secret-key"]) == .unreadable(.badSignature))
        #expect(state(new, ["old-key"]) == .unreadable(.badSignature))
        #expect(state(new, []) == .unreadable(.badSignature))
        #expect(state(new, [""]) == .unreadable(.badSignature))
    }

    @Test("the salt is part of the key")
    func salt() throws {
        let cookie = try made("other salt")
        #expect(read(cookie) == .unreadable(.badSignature))
        let other = FlaskSessionReader(secretKeys: ["flask-secret-key"], salt: "other-salt")
        #expect(other.read(cookie.utf8, now: signed) == .user("7"))
    }

    @Test("every bit of the cookie counts")
    func everyBit() throws {
        for cookie in [try made("json string"), try made("json compressed")] {
            for index in cookie.utf8.indices {
                for bit in 0..<8 {
                    var bytes = Array(cookie.utf8)
                    bytes[cookie.utf8.distance(from: cookie.utf8.startIndex, to: index)] ^= 1 << bit
                    switch reader.read(bytes, now: signed) {
                    case .unreadable(.badSignature), .unreadable(.malformed): break
                    case let other: Issue.record("\(index) bit \(bit): \(other)")
                    }
                }
            }
        }
    }

    @Test("every length counts")
    func everyLength() throws {
        let cookie = Array(try made("json string").utf8)
        for count in 0..<cookie.count {
            switch reader.read(cookie[..<count], now: signed) {
            case .unreadable(.badSignature), .unreadable(.malformed): break
            case let other: Issue.record("\(count): \(other)")
            }
        }
        for more in ["=", ".", "A", "\0"] {
            switch reader.read(cookie + Array(more.utf8), now: signed) {
            case .unreadable(.badSignature), .unreadable(.malformed): break
            case let other: Issue.record("\(more): \(other)")
            }
        }
    }

    @Test("age")
    func age() throws {
        let cookie = try made("json string")
        let month: Int64 = 31 * 86_400
        #expect(read(cookie, at: signed.adding(month)) == .user("7"))
        #expect(read(cookie, at: signed.adding(month + 1)) == .unreadable(.expired))
        #expect(read(cookie, at: signed.adding(-60)) == .user("7"))
        #expect(read(cookie, at: signed.adding(-61)) == .unreadable(.fromFuture))
        #expect(read(cookie, at: Timestamp(seconds: .max)) == .unreadable(.expired))
        #expect(read(cookie, at: Timestamp(seconds: .min)) == .unreadable(.fromFuture))
        let hour = FlaskSessionReader(secretKeys: ["flask-secret-key"], maxAge: 3600)
        #expect(hour.read(cookie.utf8, now: signed.adding(3600)) == .user("7"))
        #expect(hour.read(cookie.utf8, now: signed.adding(3601)) == .unreadable(.expired))
    }

    @Test("the time field")
    func timeField() throws {
        #expect(read(try made("time of nine bytes")) == .unreadable(.malformed))
        #expect(read(try made("time of eight bytes")) == .unreadable(.fromFuture))
        #expect(read(try made("time empty")) == .unreadable(.expired))
        #expect(read(try made("time not base64")) == .unreadable(.malformed))
        #expect(read(try made("no time")) == .unreadable(.malformed))
        #expect(read(FlaskVectors.rememberToken) == .unreadable(.malformed))
        #expect(read("") == .unreadable(.malformed))
        #expect(read("..") == .unreadable(.badSignature))
    }

    @Test(
        "compression",
        arguments: [
            ("json compressed", LoginState.user("7")), ("largest", .user("7")), ("too large", .unreadable(.tooLarge)),
            ("bomb", .unreadable(.tooLarge)), ("zlib cut", .unreadable(.badCompression)),
            ("zlib more", .unreadable(.badCompression)), ("zlib checksum", .unreadable(.badCompression)),
            ("zlib empty", .unreadable(.badCompression)), ("zlib garbage", .unreadable(.badCompression)),
            ("gzip", .unreadable(.badCompression)), ("payload not base64", .unreadable(.malformed)),
            ("two dots", .unreadable(.malformed)),
        ])
    func compression(_ name: String, state: LoginState) throws {
        #expect(read(try made(name)) == state)
    }

    @Test(
        "payloads",
        arguments: [
            ("string", LoginState.user("7")), ("number", .user("42")),
            ("large number", .user("123456789012345678901234567890")), ("negative number", .user("-5")),
            ("float", .unreadable(.unsupportedUser)), ("exponent", .unreadable(.unsupportedUser)),
            ("boolean", .unreadable(.unsupportedUser)), ("null", .anonymous), ("empty text", .anonymous),
            ("array", .unreadable(.unsupportedUser)), ("object", .unreadable(.unsupportedUser)),
            ("empty object", .unreadable(.unsupportedUser)),
            ("uuid", .user("12345678-1234-5678-1234-567812345678")), ("bad uuid", .unreadable(.unsupportedUser)),
            ("markup", .user("ada")), ("bytes", .unreadable(.unsupportedUser)),
            ("escape", .unreadable(.unsupportedUser)), ("nested only", .anonymous), ("doubled", .user("2")),
            ("escaped key", .user("7")), ("non-ascii escaped", .user("Zoë 😀")), ("non-ascii raw", .user("Zoë")),
            ("line break", .unreadable(.unsupportedUser)), ("nul", .unreadable(.unsupportedUser)),
            ("lone surrogate", .unreadable(.unsupportedUser)), ("trailing space", .unreadable(.unsupportedUser)),
            ("long", .unreadable(.unsupportedUser)), ("whitespace", .user("7")), ("python literals", .user("7")),
            ("fine depth", .user("7")),
        ])
    func payloads(_ name: String, state: LoginState) throws {
        #expect(read(try made("json \(name)")) == state)
    }

    @Test(
        "payloads that are no JSON object",
        arguments: [
            "not an object", "text", "empty", "garbage after", "comma", "no colon", "cut", "single quotes",
            "control character", "leading zero", "bad escape", "deep", "lone minus", "not utf-8",
        ])
    func badPayloads(_ name: String) throws {
        #expect(read(try made("json \(name)")) == .unreadable(.badJSON))
    }
}
