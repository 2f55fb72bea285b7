/// Flask-CrossDomain-Session, rules R2 to R4d; R1 (the same session) is decided before.
///
/// Its "new" of the primary means: no known cookie came with this very request, which is `nil` here. Its "new" of the
/// other domain is a flag in a page that was rendered seconds ago, which is `Side.isNew` here.
func decideLikeFlask(current: Side?, primary: Side?, now: Timestamp) -> Decision {
    guard let primary else {
        // R2; R2b (the other domain's session is unknown) leaves nothing to adopt.
        return Decision(outcome: .useCurrent, row: 2, primaryAdopts: current != nil)
    }
    guard let current, !current.isNew(now: now) else {
        return Decision(outcome: .replace, row: 3)  // R3
    }
    switch (current.user, primary.user) {
    case (.some(let user), .some(let other)):
        return user.hasSameBytes(as: other)
            ? Decision(outcome: .replace, row: 6)  // R4b, both logged in as the same user
            : Decision(outcome: .keepBoth, row: 7)  // R4a
    case (nil, .some):
        return Decision(outcome: .replace, row: 5)  // R4b
    case (.some, nil):
        return Decision(outcome: .useCurrent, row: 4, primaryAdopts: true)  // R4c
    case (nil, nil):
        return Decision(outcome: .useCurrent, row: 8, primaryAdopts: true)  // R4d
    }
}

/// django-shared-session: each domain offers what it has to the others, and the others take it if they have nothing.
///
/// A Django session in which nothing is stored has no cookie, so a side without a record counts as none.
func decideLikeDjango(current: Side?, primary: Side?, alwaysReplace: Bool) -> Decision {
    guard let primary, primary.isStored else {
        return Decision(outcome: .useCurrent, row: 2, primaryAdopts: current != nil)
    }
    guard let current, current.isStored else {
        return Decision(outcome: .replace, row: 3)
    }
    return Decision(outcome: alwaysReplace ? .replace : .keepBoth, row: 7)
}

extension Side {
    fileprivate var isStored: Bool { hasRecord || user != nil }
}
