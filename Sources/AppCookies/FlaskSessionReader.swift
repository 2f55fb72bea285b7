import Crypto
public import Sessions

/// Reads the session cookie of Flask 0.10 and later (`itsdangerous.URLSafeTimedSerializer`, HMAC-SHA1 with the key
/// derivation `hmac`, tagged JSON) to learn who is logged in. Flask-Login keeps its user under `_user_id`.
public struct FlaskSessionReader: Sendable {
    /// How far in the future a signature may be: clocks of two machines differ.
    public static let clockSkew: Int64 = 60
    /// The largest payload looked at, in decompressed bytes.
    public static let maxPayloadBytes = 256 * 1024

    /// Newest first: the order in which they are tried.
    private let keys: [SymmetricKey]
    private let userKey: String
    private let maxAge: Int64

    /// A reader for one app.
    ///
    /// - Parameters:
    ///   - secretKeys: the app's `[*SECRET_KEY_FALLBACKS, SECRET_KEY]`, newest last.
    ///   - salt: the serializer's salt; Flask's own unless the app has changed it.
    ///   - userKey: the session key that holds the user.
    ///   - maxAge: the app's `PERMANENT_SESSION_LIFETIME` in seconds; Flask applies it to all sessions.
    public init(
        secretKeys: [String], salt: String = "cookie-session", userKey: String = "_user_id",
        maxAge: Int64 = 31 * 86_400
    ) {
        keys = secretKeys.reversed().map { secret in
            let code = HMAC<Insecure.SHA1>.authenticationCode(
                for: Array(salt.utf8), using: SymmetricKey(data: Array(secret.utf8)))
            return SymmetricKey(data: code)
        }
        self.userKey = userKey
        self.maxAge = maxAge
    }

    /// Reads a cookie value. Nothing of the payload is looked at before its signature has been verified.
    public func read(_ cookie: some Collection<UInt8>, now: Timestamp) -> LoginState {
        let cookie = Array(cookie)
        let dot = UInt8(ascii: ".")
        guard let beforeSignature = cookie.lastIndex(of: dot),
            let beforeTime = cookie[..<beforeSignature].lastIndex(of: dot),
            let signature = Base64URL.decode(cookie[(beforeSignature + 1)...]),
            let time = time(cookie[(beforeTime + 1)..<beforeSignature])
        else { return .unreadable(.malformed) }
        guard isAuthentic(cookie[..<beforeSignature], signature: signature) else { return .unreadable(.badSignature) }
        let age = now.since(time)
        if age > maxAge { return .unreadable(.expired) }
        if age < -Self.clockSkew { return .unreadable(.fromFuture) }
        switch payload(cookie[..<beforeTime]) {
        case .failure(let reason): return .unreadable(reason.unreadable)
        case .success(let json): return TaggedJSON.user(in: json, key: userKey)
        }
    }

    /// Compares in constant time, with each key.
    private func isAuthentic(_ text: ArraySlice<UInt8>, signature: [UInt8]) -> Bool {
        keys.contains { HMAC<Insecure.SHA1>.isValidAuthenticationCode(signature, authenticating: text, using: $0) }
    }

    /// Seconds since 1970, big-endian without leading zeros.
    private func time(_ text: ArraySlice<UInt8>) -> Timestamp? {
        guard let bytes = Base64URL.decode(text), bytes.count <= 8 else { return nil }
        let seconds = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Timestamp(seconds: Int64(clamping: seconds))
    }

    /// A leading dot marks a zlib stream.
    private func payload(_ text: ArraySlice<UInt8>) -> Result<[UInt8], PayloadError> {
        let isCompressed = text.first == UInt8(ascii: ".")
        guard let bytes = Base64URL.decode(isCompressed ? text.dropFirst() : text) else {
            return .failure(PayloadError(.malformed))
        }
        if isCompressed { return Inflate.zlib(bytes, limit: Self.maxPayloadBytes) }
        return bytes.count <= Self.maxPayloadBytes ? .success(bytes) : .failure(PayloadError(.tooLarge))
    }
}

/// A reason, to throw or return.
struct PayloadError: Error {
    let unreadable: LoginState.Unreadable

    init(_ unreadable: LoginState.Unreadable) { self.unreadable = unreadable }
}
