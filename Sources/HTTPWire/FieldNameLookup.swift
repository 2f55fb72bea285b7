extension FieldName {
    /// The case for a field name, whatever its letter case.
    ///
    /// - Parameters:
    ///   - name: a valid field name (`token`, RFC 9110 §5.1).
    ///   - folding: whether `_` and `.` count as `-`, as they do for upstreams that turn names into variable names.
    init(_ name: UnsafeRawBufferPointer, folding: Bool = false) {
        let lookup = NameLookup(name: name, folding: folding)
        self = lookup.exact() ?? (lookup.begins(with: "x-forwarded-") ? .xForwarded : .other)
    }
}

/// Finds a name by its length, then by its first byte, then by its text.
private struct NameLookup {
    let name: UnsafeRawBufferPointer
    let folding: Bool

    func begins(with prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard name.count > length else { return false }
        return UnsafeRawBufferPointer(rebasing: name[..<length]).foldedEquals(prefix, folding: folding)
    }

    @inline(__always)
    func matches(_ candidate: StaticString) -> Bool {
        // Lengths agree already. The first byte tells most candidates apart; a valid name's bytes below 0x40 are not
        // moved by the letter-case bit in a way that could meet a letter.
        candidate.utf8Start.pointee == name[0] | 0x20 && name.foldedEquals(candidate, folding: folding)
    }

    func exact() -> FieldName? {
        switch name.count {
        case 2:
            if matches("te") { return .te }
        case 3:
            if matches("age") { return .age }
            if matches("via") { return .via }
        case 4:
            if matches("host") { return .host }
            if matches("etag") { return .etag }
            if matches("vary") { return .vary }
            if matches("date") { return .date }
        case 5:
            if matches("range") { return .range }
        case 6:
            if matches("digest") { return .digest }
            if matches("expect") { return .expect }
            if matches("cookie") { return .cookie }
            if matches("origin") { return .origin }
            if matches("accept") { return .accept }
            if matches("pragma") { return .pragma }
            if matches("server") { return .server }
        case 7:
            if matches("upgrade") { return .upgrade }
            if matches("trailer") { return .trailer }
            if matches("refresh") { return .refresh }
            if matches("referer") { return .referer }
            if matches("expires") { return .expires }
            if matches("purpose") { return .purpose }
            if matches("sec-gpc") { return .secGPC }
        case 8:
            if matches("location") { return .location }
            if matches("if-match") { return .ifMatch }
            if matches("if-range") { return .ifRange }
        case 9:
            if matches("sec-ch-ua") { return .secCHUA }
            if matches("forwarded") { return .forwarded }
            if matches("x-real-ip") { return .xRealIP }
        case 10:
            if matches("connection") { return .connection }
            if matches("keep-alive") { return .keepAlive }
            if matches("set-cookie") { return .setCookie }
            if matches("user-agent") { return .userAgent }
            if matches("tracestate") { return .tracestate }
        case 11:
            if matches("repr-digest") { return .reprDigest }
            if matches("content-md5") { return .contentMD5 }
            if matches("retry-after") { return .retryAfter }
            if matches("sec-purpose") { return .secPurpose }
            if matches("traceparent") { return .traceparent }
        case 12:
            if matches("content-type") { return .contentType }
            if matches("max-forwards") { return .maxForwards }
            if matches("x-request-id") { return .xRequestID }
        case 13:
            if matches("content-range") { return .contentRange }
            if matches("authorization") { return .authorization }
            if matches("accept-ranges") { return .acceptRanges }
            if matches("cache-control") { return .cacheControl }
            if matches("last-modified") { return .lastModified }
            if matches("if-none-match") { return .ifNoneMatch }
        case 14:
            if matches("content-length") { return .contentLength }
            if matches("content-digest") { return .contentDigest }
            if matches("http2-settings") { return .http2Settings }
            if matches("sec-fetch-site") { return .secFetchSite }
            if matches("sec-fetch-mode") { return .secFetchMode }
            if matches("sec-fetch-dest") { return .secFetchDest }
            if matches("sec-fetch-user") { return .secFetchUser }
        case 15:
            if matches("accept-encoding") { return .acceptEncoding }
            if matches("accept-language") { return .acceptLanguage }
            if matches("x-forwarded-for") { return .xForwardedFor }
            if matches("referrer-policy") { return .referrerPolicy }
        case 16:
            if matches("content-encoding") { return .contentEncoding }
            if matches("content-location") { return .contentLocation }
            if matches("content-language") { return .contentLanguage }
            if matches("proxy-connection") { return .proxyConnection }
            if matches("www-authenticate") { return .wwwAuthenticate }
            if matches("x-forwarded-host") { return .xForwardedHost }
            if matches("x-requested-with") { return .xRequestedWith }
        case 17:
            if matches("transfer-encoding") { return .transferEncoding }
            if matches("if-modified-since") { return .ifModifiedSince }
            if matches("sec-websocket-key") { return .secWebSocketKey }
            if matches("x-forwarded-proto") { return .xForwardedProto }
        case 18:
            if matches("proxy-authenticate") { return .proxyAuthenticate }
        case 19:
            if matches("content-disposition") { return .contentDisposition }
            if matches("proxy-authorization") { return .proxyAuthorization }
            if matches("if-unmodified-since") { return .ifUnmodifiedSince }
        case 20:
            if matches("sec-websocket-accept") { return .secWebSocketAccept }
        case 21:
            if matches("sec-websocket-version") { return .secWebSocketVersion }
        case 22:
            if matches("sec-websocket-protocol") { return .secWebSocketProtocol }
            if matches("access-control-max-age") { return .accessControlMaxAge }
            if matches("x-content-type-options") { return .xContentTypeOptions }
        case 23:
            if matches("content-security-policy") { return .contentSecurityPolicy }
        case 24:
            if matches("sec-fetch-storage-access") { return .secFetchStorageAccess }
            if matches("sec-websocket-extensions") { return .secWebSocketExtensions }
        case 25:
            if matches("strict-transport-security") { return .strictTransportSecurity }
        case 27:
            if matches("access-control-allow-origin") { return .accessControlAllowOrigin }
        case 28:
            if matches("access-control-allow-methods") { return .accessControlAllowMethods }
            if matches("access-control-allow-headers") { return .accessControlAllowHeaders }
        case 29:
            if matches("access-control-request-method") { return .accessControlRequestMethod }
            if matches("access-control-expose-headers") { return .accessControlExposeHeaders }
        case 30:
            if matches("access-control-request-headers") { return .accessControlRequestHeaders }
        case 32:
            if matches("access-control-allow-credentials") { return .accessControlAllowCredentials }
        case 35:
            if matches("content-security-policy-report-only") { return .contentSecurityPolicyReportOnly }
        default: break
        }
        return nil
    }
}
