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
    /// Whether the request had `X-Requested-With`. Counts only where the browser itself does not say what it loads:
    /// Android's WebView sends it with every page.
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
public enum InjectionCoding: Equatable, Sendable, CaseIterable {
    /// No content coding.
    case identity
    /// `gzip` or `x-gzip` (RFC 9110 §8.4.1.3).
    case gzip
    /// `deflate` (RFC 9110 §8.4.1.2).
    case deflate
    /// `br` (RFC 7932).
    case brotli
    /// `zstd` (RFC 8878, RFC 9659).
    case zstd

    /// The coding of this name (RFC 9110 §8.4.1), whatever the letter case; `nil` for others.
    init?(name: some Collection<UInt8>) {
        if name.equalsFolded("gzip") || name.equalsFolded("x-gzip") {
            self = .gzip
        } else if name.equalsFolded("br") {
            self = .brotli
        } else if name.equalsFolded("zstd") {
            self = .zstd
        } else if name.equalsFolded("deflate") {
            self = .deflate
        } else if name.equalsFolded("identity") {
            self = .identity
        } else {
            return nil
        }
    }
}

/// Whether the loader's tag goes into a response. A pure function of ``InjectionFacts``.
public enum InjectionDecision: Equatable, Sendable {
    /// Insert. `requiresDocumentMarker`: the browser did not say that it loads a document, so only a body that starts
    /// like one may be changed; pass it on to the injector.
    case inject(InjectionCoding, requiresDocumentMarker: Bool)
    /// Leave the response alone.
    case skip(InjectionSkip)

    /// Decides by the facts.
    public static func decide(_ facts: InjectionFacts) -> InjectionDecision {
        facts.method == .other ? decideAsGet(facts) : .skip(facts.isSwitchedOff ? .switchedOff : .method)
    }

    /// Decides as if the request's method had been `GET`: what a response to `HEAD` has to be consistent with (RFC 9110
    /// §9.3.2).
    ///
    /// The response is looked at first: a reason that the request gives (``InjectionSkip/dependsOnRequest``) means that
    /// another request would have got the tag into the same response.
    public static func decideAsGet(_ facts: InjectionFacts) -> InjectionDecision {
        if facts.isSwitchedOff { return .skip(.switchedOff) }
        switch facts.status {
        case ..<200, 204, 205, 206, 304: return .skip(.status)
        default: break
        }
        if let reason = MediaType.reasonToSkip(facts.contentType) { return .skip(reason) }
        if facts.hasNoTransform { return .skip(.noTransform) }
        if !isShownInline(facts.contentDisposition) { return .skip(.attachment) }
        guard let coding = coding(facts.contentEncoding) else { return .skip(.contentCoding) }
        switch destination(facts) {
        case .document: return .inject(coding, requiresDocumentMarker: false)
        case .unknown: return .inject(coding, requiresDocumentMarker: true)
        case .other(let reason): return .skip(reason)
        }
    }

    private enum Destination { case document, unknown, other(InjectionSkip) }

    private static func destination(_ facts: InjectionFacts) -> Destination {
        switch facts.fetchDestination {
        case .absent: return facts.hasRequestedWith ? .other(.scripted) : .unknown
        // Sub-frames ("iframe", "frame", "embed", "object") have their top-level page to look after them.
        case .one(let value) where value.equalsFolded("document"): return .document
        case .one, .several: return .other(.notDocument)
        }
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

    /// The one coding of the body. `identity` is no coding, though some servers send it; two are not worth undoing.
    private static func coding(_ encoding: FieldLines) -> InjectionCoding? {
        switch encoding {
        case .absent: return .identity
        case .several: return nil
        case .one(let value):
            var found: InjectionCoding = .identity
            for element in value.split(separator: UInt8(ascii: ",")) {
                let name = element.trimmingOWS()
                if name.isEmpty { continue }
                guard let coding = InjectionCoding(name: name) else { return nil }
                if coding == .identity { continue }
                guard found == .identity else { return nil }
                found = coding
            }
            return found
        }
    }
}

extension InjectionSkip {
    /// Whether the reason lies in fields of the request, so that another request for the same response could have got
    /// the tag, and caches have to tell the two apart (`Vary`, RFC 9110 §12.5.5) by `Sec-Fetch-Dest` and
    /// `X-Requested-With`.
    public var dependsOnRequest: Bool {
        switch self {
        // A fragment is told by its body only where the request did not tell.
        case .notDocument, .scripted, .fragment: true
        case .switchedOff, .method, .status, .mediaType, .feed, .charset, .contentCoding, .attachment, .noTransform,
            .policy, .empty, .prefixTooLong, .unterminated, .notASCIICompatible, .undecodable, .compressionRatio:
            false
        }
    }
}
