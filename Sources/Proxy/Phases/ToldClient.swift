internal import HTTPWire

/// What a trusted proxy says of the browser that it speaks for: in `X-Forwarded-*` or in `Forwarded` (RFC 7239).
///
/// A proxy that writes one kind may well pass on what a browser sends of the other, and nobody can tell which is which. So
/// where both come, they have to say the same.
struct ToldClient {
    /// Who the proxy has spoken with, and before that, as a value of `X-Forwarded-For` has it: the browser first.
    private(set) var path: String?
    /// `http` or `https`, as the browser came; nil if nothing usable is said.
    private(set) var scheme: String?
    /// The host as the browser named it.
    private(set) var host: String?
    /// The last in the path whom nobody trusted speaks for. What stands before it is hearsay.
    private(set) var client: String?

    /// Whether nobody can tell what is meant: two kinds of fields disagree, or `Forwarded` is malformed.
    private(set) var isContradictory = false

    /// Nothing is told.
    init() {}

    /// Reads what is told.
    ///
    /// - Parameter isTrusted: whether the proxy with this address may speak for others.
    init(_ head: RequestHead, isTrusted: (IPAddress) -> Bool) {
        let usual: [FieldName] = [.xForwardedFor, .xForwardedProto, .xForwardedHost]
        let isUsual = usual.contains { head.first($0) != nil }
        if isUsual {
            path = Self.joined(.xForwardedFor, head)
            scheme = Self.scheme(head)
            host = head.string(.xForwardedHost).flatMap { $0.isEmpty ? nil : $0 }
            client = path.map { Self.client(in: $0, isTrusted) }
        }
        guard let value = Self.joined(.forwarded, head) else { return }
        guard let field = ForwardedField(value.utf8) else {
            isContradictory = true
            return
        }
        var other = ToldClient()
        other.read(field, isTrusted)
        if isUsual {
            isContradictory = !agrees(with: other)
        } else {
            self = other
        }
    }

    /// Whether the other says the same, so far as this one says anything.
    private func agrees(with other: ToldClient) -> Bool {
        (client == nil || client == other.client) && (scheme == nil || scheme == other.scheme)
            && (host == nil || host == other.host)
    }

    /// Every element is the word of the one after it. Of scheme and host only the word of a trusted proxy counts: that of
    /// the first in the row of trusted ones, who spoke with the browser.
    private mutating func read(_ field: ForwardedField, _ isTrusted: (IPAddress) -> Bool) {
        let named = field.elements.compactMap(\.client)
        path = named.isEmpty ? nil : named.joined(separator: ", ")
        let reached = field.elements.lastIndex { element in
            guard let address = element.client.flatMap({ IPAddress($0) }) else { return true }
            return !isTrusted(address)
        }
        let element = field.elements[reached ?? field.elements.startIndex]
        client = element.client
        scheme = element.scheme.flatMap { $0 == "https" || $0 == "http" ? $0 : nil }
        host = element.host
    }

    private static func scheme(_ head: RequestHead) -> String? {
        guard let field = head.first(.xForwardedProto) else { return nil }
        if head.equals(field, "https") { return "https" }
        return head.equals(field, "http") ? "http" : nil
    }

    /// All lines of a list-valued field as one (RFC 9110 §5.3); nil if there is nothing in them.
    private static func joined(_ name: FieldName, _ head: RequestHead) -> String? {
        guard head.first(name) != nil else { return nil }
        var values: [String] = []
        for field in head.fields where field.known == name && !field.isRemoved {
            values.append(head.string(field.value))
        }
        let text = values.filter { !$0.isEmpty }.joined(separator: ", ")
        return text.isEmpty ? nil : text
    }

    /// The last member of the list that is no trusted proxy, without port; the first if all are.
    private static func client(in path: String, _ isTrusted: (IPAddress) -> Bool) -> String {
        var reached = ""
        for member in path.split(separator: ",").reversed() {
            let name = withoutPort(member.drop { $0 == " " || $0 == "\t" })
            guard !name.isEmpty else { continue }
            reached = String(name)
            guard let address = IPAddress(name), isTrusted(address) else { break }
        }
        return reached
    }

    /// Some write `192.0.2.1:1234` or `[2001:db8::1]:1234`.
    private static func withoutPort(_ member: Substring) -> Substring {
        let member = member.prefix { $0 != " " && $0 != "\t" }
        if member.hasPrefix("[") { return member.dropFirst().prefix { $0 != "]" } }
        return member.firstIndex(of: ":") == member.lastIndex(of: ":") ? member.prefix { $0 != ":" } : member
    }
}
