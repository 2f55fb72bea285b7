public import Sessions

/// A parsed `Set-Cookie` line.
public struct SetCookie: Equatable, Sendable {
    /// `SameSite`, or its absence.
    public enum SameSite: Equatable, Sendable {
        /// Absent, or a value that is not known.
        case unspecified
        /// `Strict`.
        case strict
        /// `Lax`.
        case lax
        /// `None`.
        case none
    }

    /// The name; may be empty when there is a value.
    public var name: [UInt8]
    /// The value as sent, quotation marks included.
    public var value: [UInt8]
    /// `Path`, when it was given and starts with `/`; `nil` stands for the default path of the request.
    public var path: [UInt8]?
    /// `Domain`, lowercased and without a leading dot; `nil` when not given or empty.
    public var domain: [UInt8]?
    /// `Expires`, when it is a date.
    public var expires: Timestamp?
    /// `Max-Age` in seconds, when it is a number; it wins over `expires`. Zero and less mean "delete".
    public var maxAge: Int64?
    /// `Secure`.
    public var isSecure = false
    /// `HttpOnly`.
    public var isHTTPOnly = false
    /// `SameSite`.
    public var sameSite = SameSite.unspecified
    /// `Partitioned`.
    public var isPartitioned = false

    /// A cookie without attributes.
    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// When the cookie ends, by a browser's rules: `Max-Age` before `Expires`, and at most 400 days ahead (RFC 6265bis
    /// §5.5); `nil`: with the browser's session.
    public func expiry(now: Timestamp) -> Timestamp? {
        let latest = now.adding(400 * 86_400)
        if let maxAge { return maxAge <= 0 ? Timestamp(seconds: 0) : min(now.adding(maxAge), latest) }
        return expires.map { min($0, latest) }
    }
}

/// Parses `Set-Cookie` as browsers do (RFC 6265bis §5.6), on bytes.
public enum SetCookieParser {
    /// The longest name and value together, in bytes (RFC 6265bis §5.6).
    public static let maxPairBytes = 4096
    /// The longest attribute value, in bytes; longer ones are ignored.
    public static let maxAttributeBytes = 1024

    /// The name of the cookie in this line, as a slice: enough to see whether the rest matters.
    @inlinable
    public static func name<Bytes: RandomAccessCollection<UInt8>>(of line: Bytes) -> Bytes.SubSequence {
        let end = line.firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
        return CookiePair<Bytes>(CookiePair<Bytes>.trim(line[line.startIndex..<end])).name
    }

    /// Parses a field value.
    ///
    /// - Returns: `nil` for what a browser ignores as a whole: control characters, neither name nor value, or more than
    ///   ``maxPairBytes`` of them.
    public static func parse(_ line: some Collection<UInt8>) -> SetCookie? {
        let line = [UInt8](line)
        guard !line.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { return nil }
        var parts = line.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).makeIterator()
        guard let first = parts.next() else { return nil }
        let pair = CookiePair<[UInt8]>(first.trimmingWSP())
        guard !pair.name.isEmpty || !pair.value.isEmpty, pair.name.count + pair.value.count <= maxPairBytes else {
            return nil
        }
        var cookie = SetCookie(name: Array(pair.name), value: Array(pair.value))
        while let part = parts.next() {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = part[equals...].dropFirst().trimmingWSP()
            guard value.count <= maxAttributeBytes else { continue }
            cookie.take(attribute: part[..<equals].trimmingWSP(), value: value)
        }
        return cookie
    }
}

extension SetCookie {
    /// The last attribute of a name counts (RFC 6265bis §5.7).
    fileprivate mutating func take(attribute name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        switch name.count {
        case 4 where name.equalsFolded("path"): path = value.first == UInt8(ascii: "/") ? Array(value) : nil
        case 6 where name.equalsFolded("domain"):
            let host = value.first == UInt8(ascii: ".") ? value.dropFirst() : value
            domain = host.isEmpty ? nil : host.map(\.asciiLowercased)
        case 6 where name.equalsFolded("secure"): isSecure = true
        case 7 where name.equalsFolded("expires"): if let date = CookieDate.parse(value) { expires = date }
        case 7 where name.equalsFolded("max-age"): if let seconds = Self.seconds(value) { maxAge = seconds }
        case 8 where name.equalsFolded("httponly"): isHTTPOnly = true
        case 8 where name.equalsFolded("samesite"):
            sameSite =
                value.equalsFolded("strict")
                ? .strict : value.equalsFolded("lax") ? .lax : value.equalsFolded("none") ? .none : .unspecified
        case 11 where name.equalsFolded("partitioned"): isPartitioned = true
        default: break
        }
    }

    /// An optional minus and digits; larger numbers than fit stand for the largest. Anything else is ignored.
    private static func seconds(_ value: ArraySlice<UInt8>) -> Int64? {
        let isNegative = value.first == UInt8(ascii: "-")
        let digits = isNegative ? value.dropFirst() : value
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        var total: Int64 = 0
        for digit in digits {
            let (product, overflow) = total.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit) - 0x30)
            guard !overflow, !carry else { return isNegative ? .min : .max }
            total = sum
        }
        return isNegative ? -total : total
    }
}
