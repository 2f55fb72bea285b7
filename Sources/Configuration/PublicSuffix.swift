#if canImport(CPSL)
    internal import CPSL
#endif

/// Which domains may have cookies, by the Public Suffix List that browsers use.
enum PublicSuffix {
    /// Whether a list can be asked. Without one nobody can tell, and `cookie_domain` is refused.
    static var isAvailable: Bool {
        #if canImport(CPSL)
            psl_builtin() != nil
        #else
            false
        #endif
    }

    /// Whether `domain` is a public suffix, under which strangers own names: `com`, `co.uk`, `github.io`. Lower-case
    /// ASCII.
    static func isPublicSuffix(_ domain: String) -> Bool {
        #if canImport(CPSL)
            guard let list = psl_builtin() else { return true }
            return psl_is_public_suffix(list, domain) != 0
        #else
            return true
        #endif
    }
}
