public import NIOCore

extension InjectionCoding {
    /// The injector for one body of this coding.
    ///
    /// - Parameters:
    ///   - tag: the bytes to insert, not encoded.
    ///   - requiresDocumentMarker: as ``InjectionDecision/decide(_:)`` said.
    public func makeInjector(tag: ByteBuffer, requiresDocumentMarker: Bool) -> any BodyTransform {
        switch self {
        case .identity: IdentityInjector(tag: tag, requiresDocumentMarker: requiresDocumentMarker)
        case .gzip: DeflateInjector(tag: tag, format: .gzip, requiresDocumentMarker: requiresDocumentMarker)
        case .deflate: DeflateInjector(tag: tag, format: .deflate, requiresDocumentMarker: requiresDocumentMarker)
        case .brotli: RecodingInjector(tag: tag, format: .brotli, requiresDocumentMarker: requiresDocumentMarker)
        case .zstd: RecodingInjector(tag: tag, format: .zstd, requiresDocumentMarker: requiresDocumentMarker)
        }
    }
}
