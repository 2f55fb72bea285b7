/// What became of an insertion.
public enum InjectionOutcome: Equatable, Sendable {
    /// The insertion point has not been reached yet.
    case undecided
    /// The tag is in the body.
    case injected
    /// The body passes through as the upstream sent it, byte for byte.
    case skipped(InjectionSkip)
    /// The upstream's body turned out to be broken after a part of the changed body had been released. The caller must
    /// break the response off (no last chunk, no proper end), so that the recipient does not take it for complete.
    case failed(InjectionFailure)
}

/// Why a response is left as the upstream sent it.
public enum InjectionSkip: String, Equatable, Sendable, CaseIterable {
    /// Injection is switched off for this response.
    case switchedOff
    /// The request's method is `HEAD` or `CONNECT`: there is no body to change.
    case method
    /// The status is 1xx, 204, 205, 206 or 304: no body, or only a part of one.
    case status
    /// The media type is not `text/html`, or it is not unambiguous.
    case mediaType
    /// Sent as HTML, but a feed by its first element (RSS, Atom, RDF), which browsers show as one.
    case feed
    /// The character encoding is not a superset of ASCII (UTF-16 and the like).
    case charset
    /// The content coding is not one that can be decoded and encoded.
    case contentCoding
    /// `Content-Disposition: attachment`: a download.
    case attachment
    /// `Cache-Control: no-transform`.
    case noTransform
    /// `Sec-Fetch-Dest` names something other than a top-level document.
    case notDocument
    /// `X-Requested-With` marks a request made by script.
    case scripted
    /// The page's Content-Security-Policy leaves the loader nothing that it could do.
    case policy
    /// No doctype, `<html>` or `<head>` came first, and no `Sec-Fetch-Dest` tells a document from a fragment.
    case fragment
    /// The body had no content to insert before.
    case empty
    /// No insertion point within the bounded prefix.
    case prefixTooLong
    /// A tag, comment or doctype before the insertion point was not finished.
    case unterminated
    /// Bytes before the insertion point that ASCII-compatible HTML does not have: a UTF-16 byte order mark, NUL, ESC.
    case notASCIICompatible
    /// The compressed body could not be decoded up to the insertion point.
    case undecodable
    /// The body's first bytes decode to suspiciously many.
    case compressionRatio
}

/// Why a changed body could not be completed. The fault is the upstream's, but for `codec`.
public enum InjectionFailure: String, Equatable, Sendable, CaseIterable {
    /// The compressed body is damaged: an invalid block, or a checksum or length that does not match.
    case damaged
    /// The compressed body ended before its trailer.
    case truncated
    /// The body decodes to suspiciously many bytes.
    case compressionRatio
    /// The compressor reported an error of its own (out of memory).
    case codec
}
