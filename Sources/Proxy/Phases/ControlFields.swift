internal import Configuration
internal import HTTPWire

/// The header fields by which an app talks to Tombolo; none of them reaches a browser.
final class ControlFields: Sendable {
    private let user: FoldedName
    private let mergeAck: FoldedName
    private let inject: FoldedName
    private let all: FoldedNames

    init(_ names: Group.HeaderNames) {
        user = FoldedName(names.user)
        mergeAck = FoldedName(names.mergeAck)
        inject = FoldedName(names.inject)
        all = FoldedNames(names.all.map { FoldedName($0) })
    }

    /// What the app said.
    struct Statements {
        var user: SessionChange.UserStatement?
        var acknowledgesMerges = false
        var refusesInjection = false
    }

    /// Reads and removes them.
    func take(from head: ResponseHead) -> Statements {
        var said = Statements()
        for (index, field) in head.fields.enumerated() where field.known == .other && !field.isRemoved {
            guard head.withBytes(field.name, { all.contains($0) }) else { continue }
            if head.foldsTo(field, user) {
                let name = head.string(field.value)
                said.user = name.isEmpty ? .loggedOut : .bound(name)
            } else if head.foldsTo(field, mergeAck) {
                said.acknowledgesMerges = true
            } else if head.foldsTo(field, inject), head.equals(field, "off") {
                said.refusesInjection = true
            }
            head.remove(at: index)
        }
        return said
    }
}
