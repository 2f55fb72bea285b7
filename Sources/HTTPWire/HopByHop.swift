internal import NIOCore

extension FieldName {
    /// Whether the field concerns one connection only, whether or not `Connection` lists it (RFC 9110 §7.6.1).
    ///
    /// `Transfer-Encoding` and `Trailer` are left to whoever frames the message anew.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .proxyConnection, .keepAlive, .te, .upgrade, .http2Settings, .proxyAuthenticate,
            .proxyAuthorization:
            true
        default: false
        }
    }
}

extension MessageHead {
    /// Takes out the fields that concern one connection only (RFC 9110 §7.6.1): `Connection` and everything that it lists,
    /// `Keep-Alive`, `Proxy-Connection`, `Proxy-Authenticate`, `Proxy-Authorization`, `HTTP2-Settings`, `TE` unless it
    /// is `trailers`, and `Upgrade` unless `keepsUpgrade`.
    ///
    /// **What `Connection` cannot take out.** A name of ``FieldName`` has a meaning from end to end, for the framing
    /// (`Content-Length`, `Transfer-Encoding`), for the routing (`Host`), for the session (`Cookie`, `Authorization`,
    /// `Sec-Fetch-*`, `X-Forwarded-*`) or for caches. No sender may list such a field (RFC 9110 §7.6.1), and one that
    /// does wants two hops to see two different messages; it stays. Only names unknown here are taken out on request.
    public func removeHopByHop(keepsUpgrade: Bool) {
        for index in fields.indices {
            let field = fields[index]
            switch field.known {
            case .connection:
                removeListed(in: field)
                fields[index].isRemoved = true
            case .te: if !equals(field, "trailers") { fields[index].isRemoved = true }
            case .upgrade: if !keepsUpgrade { fields[index].isRemoved = true }
            default: if field.known.isHopByHop { fields[index].isRemoved = true }
            }
        }
    }

    private func removeListed(in connection: Field) {
        bytes.withUnsafeReadableBytes { all in
            let value = all.clamped(connection.value)
            var members = ListMembers(value)
            while let member = members.next() {
                let name = value.clamped(member)
                // `keep-alive`, `upgrade` and `te` are names too, and are dealt with above.
                guard !name.equalsIgnoringCase("close"), FieldName(name) == .other else { continue }
                for index in fields.indices where fields[index].known == .other {
                    let candidate = all.clamped(fields[index].name)
                    if candidate.equalsIgnoringCase(name) { fields[index].isRemoved = true }
                }
            }
        }
    }
}
