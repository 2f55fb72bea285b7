internal import Configuration

#if canImport(Glibc)
    internal import Glibc
#endif

/// What an operator should know about certificates that can be used.
enum CertificateReview {
    /// A warning of a certificate's end comes so long before it: renewals are due 30 days before, and one that is
    /// 16 days late has failed.
    static let notice: Int64 = 14 * 86_400

    static func warnings(about certificates: Certificates, serving configuration: Configuration, now: Int64) -> [String]
    {
        var warnings = certificates.warnings(at: now)
        guard !configuration.listen.https.isEmpty else { return warnings }
        for domain in configuration.groups.flatMap(\.domains) where certificates.certificate(for: domain.pattern) == nil
        {
            warnings.append(
                "no certificate is for \(domain.pattern) (\(domain.file):\(domain.line)): https does not work there")
        }
        return warnings
    }

    fileprivate static func validity(of certificate: Certificate, now: Int64) -> String? {
        let names = certificate.names.map(\.description).joined(separator: ", ")
        let subject = "the certificate in \(certificate.file) (\(names))"
        let validity = certificate.validity
        if now > validity.upperBound { return "\(subject) expired on \(day(validity.upperBound))" }
        if now < validity.lowerBound { return "\(subject) is not valid before \(day(validity.lowerBound))" }
        if validity.upperBound - now < notice { return "\(subject) expires on \(day(validity.upperBound))" }
        return nil
    }

    /// `2026-11-21`, in UTC.
    static func day(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}

extension Certificates {
    /// A line for each certificate that has expired, is not valid yet, or ends soon.
    ///
    /// - Parameter now: Unix time in seconds.
    public func warnings(at now: Int64) -> [String] {
        all.compactMap { CertificateReview.validity(of: $0, now: now) }
    }
}
