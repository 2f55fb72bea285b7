/// How a TOML value becomes a value of ours, and what to say when it does not.
struct ValueFormat<Value> {
    enum Conversion {
        case value(Value)
        /// Not what was expected at all.
        case unexpected
        /// As expected in form, but not acceptable; the message completes "`key`: …".
        case invalid(String, remedy: [String])
    }

    /// Completes "expected …".
    let expectation: String
    let convert: (TOMLNode) -> Conversion
    /// What to write instead of something unexpected.
    var remedy: (TOMLNode) -> [String] = { _ in [] }

    /// This format with a further condition: `check` tells what is wrong with a value, or nil.
    func checked(_ check: @escaping (Value) -> (message: String, remedy: [String])?) -> ValueFormat {
        ValueFormat(
            expectation: expectation,
            convert: { node in
                let conversion = convert(node)
                guard case .value(let value) = conversion, let wrong = check(value) else { return conversion }
                return .invalid(wrong.message, remedy: wrong.remedy)
            }, remedy: remedy)
    }
}

extension ValueFormat where Value == Bool {
    static var boolean: ValueFormat {
        ValueFormat(
            expectation: "true or false",
            convert: { $0.kind == .boolean ? .value($0.text == "true") : .unexpected },
            remedy: { ["true", "false"].contains($0.text) ? ["write \($0.text) without quotes"] : [] })
    }
}

extension ValueFormat where Value == Int {
    /// A whole number.
    static func integer(_ range: ClosedRange<Int>) -> ValueFormat {
        ValueFormat(
            expectation: "a whole number",
            convert: { node in
                guard node.kind == .integer else { return .unexpected }
                guard let value = Int(node.text), range.contains(value) else {
                    return .invalid(
                        "\(node.text) is out of range",
                        remedy: ["write a number from \(range.lowerBound) to \(range.upperBound)"])
                }
                return .value(value)
            }, remedy: { Int($0.text) != nil ? ["write \($0.text) without quotes"] : [] })
    }

    /// A size in bytes: a number with a unit, or a bare number of bytes.
    static func size(_ range: ClosedRange<Int>, orNone: Bool = false) -> ValueFormat {
        let bounds =
            "\"\(SizeText.format(Int64(range.lowerBound)))\" to \"\(SizeText.format(Int64(range.upperBound)))\""
        return ValueFormat(
            expectation: "a size like \"64KiB\"",
            convert: { node in
                let bytes: Int64?
                switch node.kind {
                case .string: bytes = SizeText.parse(node.text)
                case .integer: bytes = Int64(node.text)
                default: bytes = nil
                }
                guard let bytes else { return .unexpected }
                if orNone, bytes == 0 { return .value(0) }
                guard let value = Int(exactly: bytes), range.contains(value) else {
                    return .invalid(
                        "\(Display.clean(node.text)) is out of range",
                        remedy: ["write a size from \(bounds)\(orNone ? ", or 0 for no limit" : "")"])
                }
                return .value(value)
            }, remedy: { $0.kind == .string ? ["the units are B, KiB, MiB and GiB"] : [] })
    }
}

extension ValueFormat where Value == Int64 {
    /// A duration in milliseconds.
    static func milliseconds(_ range: ClosedRange<Int64>) -> ValueFormat {
        duration(range, format: { DurationText.format(milliseconds: $0) }, scale: 1)
    }

    /// A duration in whole seconds.
    static func seconds(_ range: ClosedRange<Int64>) -> ValueFormat {
        duration(range, format: { DurationText.format(seconds: $0) }, scale: 1000)
    }

    private static func duration(
        _ range: ClosedRange<Int64>, format: @escaping (Int64) -> String, scale: Int64
    ) -> ValueFormat {
        ValueFormat(
            expectation: "a duration like \"10m\"",
            convert: { node in
                guard node.kind == .string, let milliseconds = DurationText.parse(node.text) else { return .unexpected }
                guard milliseconds % scale == 0, range.contains(milliseconds / scale) else {
                    let bounds = "\"\(format(range.lowerBound))\" to \"\(format(range.upperBound))\""
                    return .invalid(
                        "\(Display.quote(node.text)) is out of range",
                        remedy: ["write a duration from \(bounds)\(scale == 1 ? "" : " in whole seconds")"])
                }
                return .value(milliseconds / scale)
            },
            remedy: { node in
                guard node.kind != .integer else { return ["add the unit: \"\(node.text)s\" are seconds"] }
                return node.kind == .string ? ["one whole number with ms, s, m, h or d"] : []
            })
    }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words of an enumeration.
    static func choice(unavailable: [String] = []) -> ValueFormat {
        let words = Value.allCases.map(\.rawValue)
        return ValueFormat(
            expectation: Display.alternatives(words.map { "\"\($0)\"" }),
            convert: { node in
                guard node.kind == .string else { return .unexpected }
                if unavailable.contains(node.text) {
                    return .invalid(
                        "\"\(node.text)\" is not available in this version",
                        remedy: ["write \(Display.alternatives(words.map { "\"\($0)\"" }))"])
                }
                return Value(rawValue: node.text).map { .value($0) } ?? .unexpected
            },
            remedy: { node in
                guard node.kind == .string else { return [] }
                return DidYouMean.suggestion(for: node.text, among: words).map { ["did you mean \"\($0)\"?"] } ?? []
            })
    }
}
