/// An answer of the ladder to a browser: a redirect, JSON for the loader, or the loader itself.
public struct Answer: Equatable, Sendable {
    /// The status code.
    public var status: Int
    /// Header fields in the order they are sent, without framing.
    public var fields: [(name: String, value: String)]
    /// The body.
    public var body: String
    /// What it comes to, in a short stable word, for numbers: a `result`, an error's code, or what a redirect does.
    public internal(set) var outcome = ""

    /// Puts an answer together. `Cache-Control: no-store` is added unless `isCacheable`.
    public init(status: Int, fields: [(name: String, value: String)] = [], body: String = "", isCacheable: Bool = false)
    {
        self.status = status
        self.fields = fields
        self.body = body
        if !isCacheable { self.fields.append(("Cache-Control", "no-store")) }
    }

    /// The same answer with cookie lines.
    func setting(_ cookies: [String]) -> Answer {
        var answer = self
        answer.fields += cookies.map { ("Set-Cookie", $0) }
        return answer
    }

    /// A redirect of the handshake or back to a clean address. No address with a ticket leaves through `Referer`.
    static func redirect(
        _ status: Int = 302, to location: String, cookies: [String] = [], _ outcome: String = "redirected"
    ) -> Answer {
        var answer = Answer(status: status, fields: [("Location", location), ("Referrer-Policy", "no-referrer")])
        answer.outcome = outcome
        return answer.setting(cookies)
    }

    /// JSON with one `result`.
    static func result(_ result: String, _ more: [(String, String)] = [], cookies: [String] = []) -> Answer {
        var answer = json(200, [("result", result)] + more).setting(cookies)
        answer.outcome = result
        return answer
    }

    /// JSON with a stable `error` code and a sentence for the person who reads it.
    static func error(_ error: LadderError) -> Answer {
        var answer = json(error.status, [("error", error.code), ("message", error.message)])
        answer.outcome = error.code
        if error == .methodNotAllowed { answer.fields.append(("Allow", "GET, POST, OPTIONS")) }
        return answer
    }

    private static func json(_ status: Int, _ members: [(String, String)]) -> Answer {
        let text = members.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",")
        return Answer(
            status: status, fields: [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")],
            body: "{\(text)}\n")
    }

    public static func == (a: Answer, b: Answer) -> Bool {
        a.status == b.status && a.body == b.body && a.fields.elementsEqual(b.fields, by: ==)
    }
}

/// Why `/crossdomain` refuses; the codes are part of the protocol and never change.
public enum LadderError: String, Error, Sendable {
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case notJSON = "not_json"
    case badRequest = "bad_request"
    case unknownAction = "unknown_action"
    case foreignOrigin = "foreign_origin"
    case notPrimary = "not_primary"
    case badTicket = "bad_ticket"
    case lateTicket = "late_ticket"
    case spentTicket = "spent_ticket"
    case storeUnavailable = "store_unavailable"

    /// The word in the answer's `error` member.
    public var code: String { rawValue }

    /// The status that goes with it.
    public var status: Int {
        switch self {
        case .notFound: 404
        case .methodNotAllowed: 405
        case .notJSON: 415
        case .badRequest, .unknownAction, .badTicket, .lateTicket, .spentTicket: 400
        case .foreignOrigin, .notPrimary: 403
        case .storeUnavailable: 503
        }
    }

    var message: String {
        switch self {
        case .notFound: "There is nothing at this path."
        case .methodNotAllowed: "This path does not answer that method."
        case .notJSON: "Send Content-Type: application/json and a JSON object of strings."
        case .badRequest: "The request lacks a member or has one that is not valid."
        case .unknownAction: "The action must be begin, check or replace."
        case .foreignOrigin: "The Origin is not one of this group's domains."
        case .notPrimary: "A check is answered by the group's primary domain only."
        case .badTicket: "The ticket is not authentic, or not meant for this domain and purpose."
        case .lateTicket: "The ticket is too old."
        case .spentTicket: "The ticket has been used before."
        case .storeUnavailable: "The session store does not answer."
        }
    }
}

/// Just enough JSON to write strings; what is read goes through a real decoder.
public enum JSONText {
    /// A JSON string literal (RFC 8259 §7) that is also safe inside a script.
    public static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "<", ">", "&", "\u{2028}", "\u{2029}": out += escaped(scalar.value)
            case _ where scalar.value < 0x20: out += escaped(scalar.value)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    private static func escaped(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
