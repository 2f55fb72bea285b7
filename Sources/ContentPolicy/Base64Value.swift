extension Collection<UInt8> {
    /// Whether this is a `base64-value` (CSP3 §2.3.1): `1*( ALPHA / DIGIT / "+" / "/" / "-" / "_" )*2( "=" )`.
    ///
    /// None of these bytes can end a quoted attribute, so that what passes here may be written into one.
    var isBase64Value: Bool {
        guard let padding = firstIndex(where: { !$0.isBase64Digit }) else { return !isEmpty }
        return padding != startIndex && self[padding...].count <= 2 && self[padding...].allSatisfy { $0 == 0x3D }
    }
}

extension UInt8 {
    fileprivate var isBase64Digit: Bool {
        switch self {
        case 0x2B, 0x2F, 0x2D, 0x5F: true  // + / - _
        default: isASCIILetter || isASCIIDigit
        }
    }
}
