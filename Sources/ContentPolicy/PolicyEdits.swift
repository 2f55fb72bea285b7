/// The changes to one policy: insertions into its text, and directives added at its end.
struct PolicyEdits {
    private let policy: Policy
    private var insertions: [(replaced: Range<Int>, bytes: [UInt8])] = []
    private var added: [UInt8] = []

    init(_ policy: Policy) { self.policy = policy }

    /// Lets the directive's list allow `expressions` as well.
    ///
    /// Where the directive is `default-src`, it stays, and a directive of the narrower name is added: a copy of its list
    /// with the expressions. Whatever would fall back from `name` to `default-src` finds the same list under `name`.
    mutating func allow(_ expressions: [[UInt8]], in directive: Directive, otherwiseNamed name: DirectiveName) {
        if expressions.isEmpty { return }
        let list = SourceList(directive)
        let addition = Array(expressions.joined(separator: [UInt8(ascii: " ")]))
        if directive.name == .defaultSource {
            let isSeparated = added.isEmpty && policy.text.last == UInt8(ascii: ";")
            added += isSeparated ? " ".utf8 : "; ".utf8
            added += name.text.withUTF8Buffer(Array.init) + " ".utf8
            added += (list.allowsNothing ? [] : list.value + " ".utf8) + addition
        } else if list.allowsNothing, !list.value.isEmpty {
            insertions.append((list.value.indices, addition))
        } else {
            insertions.append((list.value.endIndex..<list.value.endIndex, " ".utf8 + addition))
        }
    }

    /// Takes over what precedes the policy's end from `line`, beginning at `position`, with the changes.
    func apply(to line: [UInt8], from position: inout Int, into result: inout [UInt8]) {
        for insertion in insertions.sorted(by: { $0.replaced.lowerBound < $1.replaced.lowerBound }) {
            result += line[position..<insertion.replaced.lowerBound] + insertion.bytes
            position = insertion.replaced.upperBound
        }
        result += line[position..<policy.text.endIndex] + added
        position = policy.text.endIndex
    }
}
