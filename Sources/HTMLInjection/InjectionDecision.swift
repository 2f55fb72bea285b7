public import NIOCore

/// The lines of one header field, as far as a decision needs them.
public enum FieldLines: Equatable, Sendable {
    /// The field was not sent.
    case absent
    /// The field was sent once; its value without surrounding whitespace.
    case one(ByteBufferView)
    /// The field was sent more than once.
    case several
}

/// What is known of a request and its response when the response's head has arrived.
public struct InjectionFacts: Sendable {
    /// The request methods that matter here.
    public enum Method: Sendable {
        /// `HEAD`: the response has no body.
        case head
        /// `CONNECT`: the response's body is a tunnel.
        case connect
        /// Any other method, `POST` included: its answer may well be a page.
        case other
    }

    /// The request's method.
    public var method: Method
    /// The response's status code.
    public var status: Int
    /// The response's `Content-Type`.
    public var contentType: FieldLines
    /// The response's `Content-Encoding`.
    public var contentEncoding: FieldLines
    /// The response's `Content-Disposition`.
    public var contentDisposition: FieldLines
    /// Whether any `Cache-Control` line of the response has `no-transform`; see ``CacheControl/hasNoTransform(_:)``.
    public var hasNoTransform: Bool
    /// The request's `Sec-Fetch-Dest` (W3C Fetch Metadata).
    public var fetchDestination: FieldLines
    /// Whether the request had `X-Requested-With`.
    public var hasRequestedWith: Bool
    /// Whether the upstream or the configuration switched injection off.
    public var isSwitchedOff: Bool

    /// The facts of a response with this status and type; everything else is "not sent".
    public init(
        method: Method = .other, status: Int = 200, contentType: FieldLines, contentEncoding: FieldLines = .absent,
        contentDisposition: FieldLines = .absent, hasNoTransform: Bool = false, fetchDestination: FieldLines = .absent,
        hasRequestedWith: Bool = false, isSwitchedOff: Bool = false
    ) {
        self.method = method
        self.status = status
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.contentDisposition = contentDisposition
        self.hasNoTransform = hasNoTransform
        self.fetchDestination = fetchDestination
        self.hasRequestedWith = hasRequestedWith
        self.isSwitchedOff = isSwitchedOff
    }
}

/// The content codings that a tag can be inserted into.
public enum InjectionCoding: Equatable, Sendable {
    /// No content coding.
    case identity
    /// `gzip` or `x-gzip` (RFC 9110 §8.4.1.3).
    case gzip
}

/// Whether the loader's tag goes into a response. A pure function of ``InjectionFacts``.
public enum InjectionDecision: Equatable, Sendable {
    /// Insert. `requiresDocumentMarker`: the browser did not say that it loads a document, so only a body that starts
    /// like one may be changed; pass it on to the injector.
    case inject(InjectionCoding, requiresDocumentMarker: Bool)
    /// Leave the response alone.
    case skip(InjectionSkip)

    /// Decides by the facts, cheapest first.
    public static func decide(_ facts: InjectionFacts) -> InjectionDecision {
        if facts.isSwitchedOff { return .skip(.switchedOff) }
        if facts.method != .other { return .skip(.method) }
        switch facts.status {
        case ..<200, 204, 205, 206, 304: return .skip(.status)
        default: break
        }
        if let reason = MediaType.reasonToSkip(facts.contentType) { return .skip(reason) }
        let hasDestination: Bool
        switch facts.fetchDestination {
        case .absent: hasDestination = false
        case .one(let value):
            guard value.equalsFolded("document") else { return .skip(.notDocument) }
            hasDestination = true
        case .several: return .skip(.notDocument)
        }
        if facts.hasRequestedWith { return .skip(.scripted) }
        if facts.hasNoTransform { return .skip(.noTransform) }
        if !isShownInline(facts.contentDisposition) { return .skip(.attachment) }
        guard let coding = coding(facts.contentEncoding) else { return .skip(.contentCoding) }
        return .inject(coding, requiresDocumentMarker: !hasDestination)
    }

    /// RFC 6266: only `inline` is shown; an unknown disposition type counts as `attachment`.
    private static func isShownInline(_ disposition: FieldLines) -> Bool {
        switch disposition {
        case .absent: return true
        case .several: return false
        case .one(let value):
            let type = value.prefix { $0 != UInt8(ascii: ";") }.trimmingOWS()
            return type.isEmpty || type.equalsFolded("inline")
        }
    }

    private static func coding(_ encoding: FieldLines) -> InjectionCoding? {
        switch encoding {
        case .absent: return .identity
        case .several: return nil
        case .one(let value):
            var found: InjectionCoding = .identity
            for element in value.split(separator: UInt8(ascii: ",")) {
                let name = element.trimmingOWS()
                if name.isEmpty || name.equalsFolded("identity") { continue }
                guard found == .identity, name.equalsFolded("gzip") || name.equalsFolded("x-gzip") else { return nil }
                found = .gzip
            }
            return found
        }
    }
}

/// What `Cache-Control` (RFC 9111 §5.2) says about changing a response.
public enum CacheControl {
    /// Whether this field value has the directive `no-transform` (RFC 9111 §5.2.2.6). Text inside a quoted argument of
    /// another directive does not count.
    public static func hasNoTransform(_ value: ByteBufferView) -> Bool {
        var isQuoted = false
        var isEscaped = false
        var start = value.startIndex
        func isDirective(upTo end: Int) -> Bool {
            let directive = value[start..<end].prefix { $0 != UInt8(ascii: "=") }
            return directive.trimmingOWS().equalsFolded("no-transform")
        }
        for index in value.indices {
            switch value[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                if isDirective(upTo: index) { return true }
                start = index + 1
            default: break
            }
        }
        return isDirective(upTo: value.endIndex)
    }
}
