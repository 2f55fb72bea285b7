public import NIOCore

/// What a client accepts of the codings that a tag can be put into: its `Accept-Encoding` (RFC 9110 §12.5.3), read line
/// by line, and written as the one line that the upstream is told.
///
/// `gzip` is always named first and with the highest weight: the tag goes into it exactly and almost for free, while
/// every other coding is decoded and encoded anew. The others follow in the client's own order of preference. The
/// weights are for the upstreams that compare them and otherwise choose the densest coding; those that do not take the
/// first one they know.
public struct AcceptEncoding: Sendable {
    /// A weight in thousandths; `nil`: not named. A coding named twice counts as first named.
    private var weights = (identity: Int?.none, gzip: Int?.none, any: Int?.none)
    /// The codings besides gzip, in the order in which they were named.
    private var others = Ranked()

    /// A client that has said nothing so far.
    public init() {}

    // MARK: Reading

    /// Takes the value of the next line of the field.
    public mutating func take(_ value: UnsafeRawBufferPointer) {
        for member in value.split(separator: UInt8(ascii: ",")) { take(member: member) }
    }

    private mutating func take(member: Slice<UnsafeRawBufferPointer>) {
        let name = member.prefix { $0 != UInt8(ascii: ";") }
        let weight = Self.weight(in: member[name.endIndex...])
        let trimmed = name.trimmingOWS()
        if trimmed.count == 1, trimmed.first == UInt8(ascii: "*") {
            weights.any = weights.any ?? weight
            return
        }
        switch InjectionCoding(name: trimmed) {
        case .identity: weights.identity = weights.identity ?? weight
        case .gzip: weights.gzip = weights.gzip ?? weight
        case .some(let coding): others.append(coding, weight)
        case nil: break
        }
    }

    /// The `q` of a member's parameters, in thousandths; 1000 where there is none. One that cannot be read counts as 0:
    /// not to be sent a coding never hurts.
    private static func weight(in parameters: Slice<UnsafeRawBufferPointer>) -> Int {
        for parameter in parameters.split(separator: UInt8(ascii: ";")) {
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            guard name.trimmingOWS().equalsFolded("q") else { continue }
            return thousandths(parameter[name.endIndex...].dropFirst().trimmingOWS()) ?? 0
        }
        return 1000
    }

    /// `0.5` as 500 (RFC 9110 §12.4.2); more than three decimals are cut off, more than 1 is 1.
    private static func thousandths(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        var value = 0
        var decimals: Int?
        for byte in text {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard byte &- 0x30 < 10 else { return nil }
            if let count = decimals {
                guard count < 3 else { continue }
                decimals = count &+ 1
            }
            // Bounded by 9999 before each step, so that no number of digits overflows.
            value = min(value, 9999) &* 10 &+ Int(byte &- 0x30)
        }
        guard !text.isEmpty else { return nil }
        for _ in (decimals ?? 0)..<3 { value = min(value, 9999) &* 10 }
        return min(value, 1000)
    }

    // MARK: Writing

    /// Appends the line for the upstream, CRLF included; `false`, and nothing is appended, where the client accepts
    /// nothing that Tombolo could put a tag into, not even a body without coding: its own lines are to be passed on.
    public func write(into lines: inout ByteBuffer) -> Bool {
        let gzip = weights.gzip ?? weights.any ?? 0
        var rest = others
        if let any = weights.any {
            for coding in [InjectionCoding.zstd, .brotli, .deflate] { rest.append(coding, any) }
        }
        rest.sort()
        let isIdentityRefused = (weights.identity ?? weights.any) == 0
        let best = max(gzip, rest.best)
        // A client that would rather have no coding at all gets just that: it is the cheapest of all.
        let prefersIdentity = (weights.identity ?? 0) > best
        if best == 0 || prefersIdentity {
            guard !isIdentityRefused else { return false }
            lines.writeStaticString("Accept-Encoding: identity\r\n")
            return true
        }
        lines.writeStaticString("Accept-Encoding: ")
        var tenths: UInt8 = 9
        if gzip > 0 { lines.writeStaticString("gzip") }
        rest.forEachAccepted { coding, isFirst in
            let isAlone = isFirst && gzip == 0
            if !isAlone { lines.writeStaticString(", ") }
            lines.writeStaticString(coding.token)
            guard !isAlone else { return }
            lines.writeStaticString(";q=0.")
            lines.writeInteger(0x30 &+ tenths)
            tenths &-= 1  // at most three codings: never below 6
        }
        if isIdentityRefused { lines.writeStaticString(", identity;q=0") }
        lines.writeStaticString("\r\n")
        return true
    }
}

extension InjectionCoding {
    /// The name in the registry (RFC 9110 §8.4.1).
    fileprivate var token: StaticString {
        switch self {
        case .identity: "identity"
        case .gzip: "gzip"
        case .deflate: "deflate"
        case .brotli: "br"
        case .zstd: "zstd"
        }
    }
}

/// Up to three codings with their weights, without a heap allocation.
private struct Ranked {
    private var first: Entry?
    private var second: Entry?
    private var third: Entry?

    typealias Entry = (coding: InjectionCoding, weight: Int)

    /// Adds a coding, unless it is there already.
    mutating func append(_ coding: InjectionCoding, _ weight: Int) {
        guard first?.coding != coding, second?.coding != coding, third?.coding != coding else { return }
        if first == nil {
            first = (coding, weight)
        } else if second == nil {
            second = (coding, weight)
        } else if third == nil {
            third = (coding, weight)
        }
    }

    /// The highest weight; 0 without codings.
    var best: Int { max(first?.weight ?? 0, second?.weight ?? 0, third?.weight ?? 0) }

    /// Puts the highest weights first; equals stay in their order.
    mutating func sort() {
        Self.order(&first, &second)
        Self.order(&second, &third)
        Self.order(&first, &second)
    }

    private static func order(_ one: inout Entry?, _ other: inout Entry?) {
        if (one?.weight ?? 0) < (other?.weight ?? 0) { swap(&one, &other) }
    }

    func forEachAccepted(_ body: (_ coding: InjectionCoding, _ isFirst: Bool) -> Void) {
        if let first, first.weight > 0 { body(first.coding, true) }
        if let second, second.weight > 0 { body(second.coding, false) }
        if let third, third.weight > 0 { body(third.coding, false) }
    }
}
