internal import Configuration
package import NIOSSL

#if canImport(Glibc)
    internal import Glibc
#endif

/// Why no TLS was agreed on with an upstream, in words for its operator.
public struct UpstreamTLSFailure: Error, Sendable, Equatable {
    /// What is wrong, continuing "Tried ADDRESS: ".
    public var reason: String
    /// What to do about it, one sentence.
    public var remedy: String

    /// - Parameters:
    ///   - error: what NIOSSL says.
    ///   - certificate: what the upstream showed, if it came to that.
    ///   - name: the name or address that was looked for in it.
    ///   - now: Unix time in seconds.
    package init(_ error: any Error, certificate: NIOSSLCertificate?, lookingFor name: String, now: Int64) {
        let text = "\(error)"
        func has(_ word: String) -> Bool { text.contains(word) }
        if has("CERTIFICATE_VERIFY_FAILED"), let certificate {
            self = Self.unbelieved(certificate, now: now)
        } else if (error as? NIOSSLExtraError) == .failedToValidateHostname, let certificate {
            let names = PEM.identities(of: certificate)
            self.init(
                reason: "its certificate is for \(names.isEmpty ? "no name" : names), and not for \(name)",
                remedy: "Write a name that the certificate is for into the domain list, or tls_name=NAME behind it.")
        } else if has("CERTIFICATE_REQUIRED") || has("HANDSHAKE_FAILURE") || has("BAD_CERTIFICATE") {
            self.init(
                reason: "it refused the TLS handshake",
                remedy: "Perhaps it wants a certificate of ours: tls_cert=FILE. Its log says more.")
        } else if has("UNRECOGNIZED_NAME") {
            self.init(
                reason: "it does not know the name \(name)",
                remedy: "Write the name that it is to be asked for behind the address: tls_name=NAME.")
        } else if has("WRONG_VERSION_NUMBER") || has("HTTP_REQUEST") || has("UNEXPECTED_MESSAGE") {
            self.init(
                reason: "what answers there does not speak TLS",
                remedy: "Write http:// in the domain list if it is meant to do without.")
        } else if has("UNSUPPORTED_PROTOCOL") || has("PROTOCOL_VERSION") {
            self.init(reason: "it speaks only TLS older than 1.2", remedy: "Let it speak TLS 1.2 or 1.3.")
        } else if has("EOF during handshake") {
            self.init(
                reason: "it closed the connection during the TLS handshake",
                remedy: "Is it really a port for TLS? Its log may say why.")
        } else {
            self.init(reason: "the TLS handshake failed (\(text))", remedy: "The log of the upstream may say more.")
        }
    }

    private init(reason: String, remedy: String) {
        self.reason = reason
        self.remedy = remedy
    }

    private static func unbelieved(_ certificate: NIOSSLCertificate, now: Int64) -> UpstreamTLSFailure {
        if now > Int64(certificate.notValidAfter) {
            return UpstreamTLSFailure(
                reason: "its certificate expired on \(CertificateReview.day(Int64(certificate.notValidAfter)))",
                remedy: "Renew the certificate.")
        }
        if now < Int64(certificate.notValidBefore) {
            return UpstreamTLSFailure(
                reason:
                    "its certificate is not valid before \(CertificateReview.day(Int64(certificate.notValidBefore)))",
                remedy: "Compare the clocks of both machines.")
        }
        let isOwn = certificate.issuerName == certificate.subjectName
        return UpstreamTLSFailure(
            reason: isOwn
                ? "its certificate is signed by itself" : "its certificate is not signed by an authority trusted here",
            remedy: "Name the file with the certificate of whoever signed it: tls_ca=FILE in the domain list; and let "
                + "the upstream send the certificates between.")
    }
}

extension PEM {
    /// The names and addresses that a certificate is for, as text.
    static func identities(of certificate: NIOSSLCertificate) -> String {
        certificate._subjectAlternativeNames().compactMap { name -> String? in
            switch name.nameType {
            case .dnsName: Display.clean(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress: CIDR.addressText(Array(name.contents))
            default: nil
            }
        }.joined(separator: ", ")
    }
}
