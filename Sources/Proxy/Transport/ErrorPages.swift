internal import CrossDomain
public import HTTPWire
import NIOCore

/// Answers for what went wrong, as a short self-contained HTML page or as JSON, whichever the client asked for.
///
/// A page never carries a secret, a stack or anything the client sent without escaping it.
public enum ErrorPages {
    /// What a page says.
    public struct Problem: Sendable, Equatable {
        /// The status code, 400 to 599.
        public var status: Int
        /// A short stable word for programs, e.g. `upstream_refused`.
        public var code: String
        /// One sentence for the visitor.
        public var message: String
        /// What the operator should look at; empty for nothing.
        public var hint: String
        /// Whose mistake it was.
        public var fault: Outcome.Fault

        /// Makes a problem from its parts.
        public init(status: Int, code: String, message: String, hint: String = "", fault: Outcome.Fault) {
            self.status = status
            self.code = code
            self.message = message
            self.hint = hint
            self.fault = fault
        }
    }

    /// The answer for a problem: HTML if `asHTML`, else JSON `{"error", "message", "hint", "fault", "request_id"}`.
    public static func response(_ problem: Problem, requestID: String? = nil, asHTML: Bool) -> LocalResponse {
        var lines = ByteBuffer()
        var body = ByteBuffer()
        if asHTML {
            lines.writeString("Content-Type: text/html; charset=utf-8\r\n")
            lines.writeString("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n")
            writeHTML(problem, requestID: requestID, into: &body)
        } else {
            lines.writeString("Content-Type: application/json\r\n")
            writeJSON(problem, requestID: requestID, into: &body)
        }
        lines.writeString("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n")
        if problem.status == 405 { lines.writeString("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n") }
        if problem.status == 503 { lines.writeString("Retry-After: 1\r\n") }
        var response = LocalResponse(status: problem.status, lines: lines, body: body)
        response.fault = problem.fault
        response.reason = problem.code
        return response
    }

    /// The answer for a failure in an exchange, in the form that its request's `Accept` asks for.
    public static func response(for failure: TransportFailure, in x: Exchange) -> LocalResponse {
        response(problem(for: failure), requestID: x.requestID, asHTML: prefersHTML(x.requestHead))
    }

    /// Whether any `Accept` field names `text/html` or `application/xhtml+xml`, as browsers' navigations do.
    public static func prefersHTML(_ head: RequestHead) -> Bool {
        for field in head.fields where field.known == .accept && !field.isRemoved {
            let isHTML = head.value(of: field, contains: "text/html")
            if isHTML || head.value(of: field, contains: "application/xhtml+xml") { return true }
        }
        return false
    }

    private static func writeHTML(_ problem: Problem, requestID: String?, into body: inout ByteBuffer) {
        let title = "\(problem.status) \(StatusText.reason(problem.status))"
        body.writeString("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>\(title)</title>")
        body.writeString(
            "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">")
        body.writeString(
            "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1rem}")
        body.writeString("small{color:#666}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}</style>")
        body.writeString("<h1>\(title)</h1><p>\(escapedHTML(problem.message))</p>")
        if !problem.hint.isEmpty {
            body.writeString("<p><strong>For the operator:</strong> \(escapedHTML(problem.hint))</p>")
        }
        body.writeString("<p><small>\(escapedHTML(problem.code))")
        if let requestID { body.writeString(" · request \(escapedHTML(requestID))") }
        body.writeString("</small></p></html>\n")
    }

    private static func writeJSON(_ problem: Problem, requestID: String?, into body: inout ByteBuffer) {
        body.writeString("{\"error\":\(JSONText.quoted(problem.code)),\"message\":\(JSONText.quoted(problem.message))")
        if !problem.hint.isEmpty { body.writeString(",\"hint\":\(JSONText.quoted(problem.hint))") }
        body.writeString(",\"fault\":\(JSONText.quoted(problem.fault.rawValue))")
        if let requestID { body.writeString(",\"request_id\":\(JSONText.quoted(requestID))") }
        body.writeString("}\n")
    }

    static func escapedHTML(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
