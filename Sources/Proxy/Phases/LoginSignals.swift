internal import AppCookies
internal import Configuration
internal import Sessions

/// How a group's apps show that they have a user.
struct LoginSignals: Sendable {
    private let readers: [(cookie: String, reader: FlaskSessionReader)]

    init(_ signals: [Group.LoginSignal]) {
        readers = signals.compactMap { signal in
            guard case .flask(let cookie, let secrets, let userKey) = signal else { return nil }
            let keys = secrets.map { String(decoding: $0.bytes, as: UTF8.self) }
            return (cookie, FlaskSessionReader(secretKeys: keys, userKey: userKey))
        }
    }

    /// Whether this cookie says who the user is.
    func watches(_ name: String) -> Bool { readers.contains { $0.cookie == name } }

    /// What a cookie says; nil for one that is no signal. Of several signals on one cookie the first that can read it.
    func read(_ name: String, _ value: String, now: Timestamp) -> LoginState? {
        var answer: LoginState?
        for (cookie, reader) in readers where cookie == name {
            let state = reader.read(value.utf8, now: now)
            if case .unreadable = state {
                answer = answer ?? state
                continue
            }
            return state
        }
        return answer
    }
}
