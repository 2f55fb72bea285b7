/// The field names that Tombolo looks at, and `.other` for the rest.
///
/// A name with a case of its own is found by comparing one byte; anything else by comparing the text.
public enum FieldName: UInt8, Hashable, Sendable, CaseIterable {
    case host
    case connection
    case contentLength
    case contentType
    case contentEncoding
    case contentRange
    case contentDisposition
    case contentLocation
    case contentLanguage
    case contentSecurityPolicy
    case contentSecurityPolicyReportOnly
    case contentDigest
    case reprDigest
    case contentMD5
    case digest
    case transferEncoding
    case upgrade
    case te
    case trailer
    case expect
    case keepAlive
    case proxyConnection
    case proxyAuthenticate
    case proxyAuthorization
    case http2Settings
    case cookie
    case setCookie
    case authorization
    case wwwAuthenticate
    case location
    case retryAfter
    case refresh
    case origin
    case referer
    case userAgent
    case accept
    case acceptEncoding
    case acceptRanges
    case acceptLanguage
    case cacheControl
    case pragma
    case age
    case expires
    case etag
    case lastModified
    case vary
    case range
    case ifMatch
    case ifNoneMatch
    case ifModifiedSince
    case ifUnmodifiedSince
    case ifRange
    case maxForwards
    case secFetchSite
    case secFetchMode
    case secFetchDest
    case secFetchUser
    case secFetchStorageAccess
    case secPurpose
    case purpose
    case secCHUA
    case secGPC
    case secWebSocketKey
    case secWebSocketAccept
    case secWebSocketVersion
    case secWebSocketProtocol
    case secWebSocketExtensions
    case accessControlRequestMethod
    case accessControlRequestHeaders
    case accessControlAllowOrigin
    case accessControlAllowCredentials
    case accessControlAllowMethods
    case accessControlAllowHeaders
    case accessControlExposeHeaders
    case accessControlMaxAge
    case forwarded
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case xRealIP
    case via
    case xRequestID
    case traceparent
    case tracestate
    case xRequestedWith
    case strictTransportSecurity
    case referrerPolicy
    case xContentTypeOptions
    case date
    case server
    /// Any `x-forwarded-` name without a case of its own, such as `x-forwarded-port`.
    case xForwarded
    /// Any other name.
    case other

    /// The name in lower case; empty for `.other`, the common beginning for `.xForwarded`.
    public var text: StaticString {
        switch self {
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .contentRange: "content-range"
        case .contentDisposition: "content-disposition"
        case .contentLocation: "content-location"
        case .contentLanguage: "content-language"
        case .contentSecurityPolicy: "content-security-policy"
        case .contentSecurityPolicyReportOnly: "content-security-policy-report-only"
        case .contentDigest: "content-digest"
        case .reprDigest: "repr-digest"
        case .contentMD5: "content-md5"
        case .digest: "digest"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .te: "te"
        case .trailer: "trailer"
        case .expect: "expect"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .http2Settings: "http2-settings"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .authorization: "authorization"
        case .wwwAuthenticate: "www-authenticate"
        case .location: "location"
        case .retryAfter: "retry-after"
        case .refresh: "refresh"
        case .origin: "origin"
        case .referer: "referer"
        case .userAgent: "user-agent"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptRanges: "accept-ranges"
        case .acceptLanguage: "accept-language"
        case .cacheControl: "cache-control"
        case .pragma: "pragma"
        case .age: "age"
        case .expires: "expires"
        case .etag: "etag"
        case .lastModified: "last-modified"
        case .vary: "vary"
        case .range: "range"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .ifRange: "if-range"
        case .maxForwards: "max-forwards"
        case .secFetchSite: "sec-fetch-site"
        case .secFetchMode: "sec-fetch-mode"
        case .secFetchDest: "sec-fetch-dest"
        case .secFetchUser: "sec-fetch-user"
        case .secFetchStorageAccess: "sec-fetch-storage-access"
        case .secPurpose: "sec-purpose"
        case .purpose: "purpose"
        case .secCHUA: "sec-ch-ua"
        case .secGPC: "sec-gpc"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketAccept: "sec-websocket-accept"
        case .secWebSocketVersion: "sec-websocket-version"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlAllowOrigin: "access-control-allow-origin"
        case .accessControlAllowCredentials: "access-control-allow-credentials"
        case .accessControlAllowMethods: "access-control-allow-methods"
        case .accessControlAllowHeaders: "access-control-allow-headers"
        case .accessControlExposeHeaders: "access-control-expose-headers"
        case .accessControlMaxAge: "access-control-max-age"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedHost: "x-forwarded-host"
        case .xRealIP: "x-real-ip"
        case .via: "via"
        case .xRequestID: "x-request-id"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .xRequestedWith: "x-requested-with"
        case .strictTransportSecurity: "strict-transport-security"
        case .referrerPolicy: "referrer-policy"
        case .xContentTypeOptions: "x-content-type-options"
        case .date: "date"
        case .server: "server"
        case .xForwarded: "x-forwarded-"
        case .other: ""
        }
    }
}
