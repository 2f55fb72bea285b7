import Sessions
import Testing

private let now = time(1_800_000_000)

private func side(_ number: UInt8, user: String? = nil, record: Bool = true, age: Int64 = 1000) -> Side {
    Side(id: session(number), user: user, hasRecord: record || user != nil, firstSeen: now.adding(-age))
}

private func compare(
    _ current: Side?, _ primary: Side?, policy: Policy = .tombolo, conflict: Conflict = .replace
) -> Decision {
    decide(current: current, primary: primary, policy: policy, conflict: conflict, now: now)
}

private let nothing = Decision(outcome: .useCurrent, row: 2)
private let adopted = Decision(outcome: .useCurrent, row: 2, primaryAdopts: true)

@Suite("Tombolo's table") struct TableTests {
    @Test("row 1: the same session on both") func sameSession() {
        #expect(compare(side(1), side(1)) == Decision(outcome: .useCurrent, row: 1))
        #expect(compare(side(1, record: false, age: 0), side(1, user: "a")) == Decision(outcome: .useCurrent, row: 1))
    }

    @Test("row 2: the primary has none, or a new one") func primaryHasNone() {
        #expect(compare(nil, nil) == nothing)
        #expect(compare(side(1), nil) == adopted)
        #expect(compare(side(1, user: "a"), nil) == adopted)
        #expect(compare(side(1, record: false, age: 0), nil) == adopted)
        #expect(compare(side(1), side(2, record: false, age: 0)) == adopted)
        #expect(compare(nil, side(2, record: false, age: 0)) == nothing)
        #expect(
            compare(side(1, record: false, age: 1), side(2, record: false, age: 2)) == adopted, "both new: row 2 first")
    }

    @Test("row 3: the current domain has none, or a new one") func currentHasNone() {
        let replaced = Decision(outcome: .replace, row: 3)
        #expect(compare(nil, side(2)) == replaced)
        #expect(compare(nil, side(2, user: "a")) == replaced)
        #expect(compare(nil, side(2, record: false, age: 61)) == replaced)
        #expect(compare(side(1, record: false, age: 0), side(2)) == replaced)
        #expect(compare(side(1, record: false, age: 0), side(2, user: "a")) == replaced)
    }

    @Test("row 4: only the current session has a user") func onlyCurrentHasUser() {
        let won = Decision(outcome: .useCurrent, row: 4, marksLoser: true, primaryAdopts: true)
        #expect(compare(side(1, user: "a"), side(2)) == won)
        #expect(compare(side(1, user: "a", age: 0), side(2, age: 9_999_999)) == won, "age does not matter")
        #expect(compare(side(1, user: ""), side(2)) == won, "an empty name is a user")
    }

    @Test("row 5: only the primary's session has a user") func onlyPrimaryHasUser() {
        let lost = Decision(outcome: .replace, row: 5, marksLoser: true)
        #expect(compare(side(1), side(2, user: "a")) == lost)
        #expect(compare(side(1, record: false, age: 61), side(2, user: "a")) == lost)
        #expect(compare(side(1), side(2, user: "a", age: 0)) == lost)
    }

    @Test("row 6: the same user on both", arguments: [Conflict.replace, .keep]) func sameUser(conflict: Conflict) {
        let merged = Decision(outcome: .replace, row: 6, marksLoser: true, mergesRecords: true)
        #expect(compare(side(1, user: "a"), side(2, user: "a"), conflict: conflict) == merged)
        #expect(compare(side(1, user: "a", age: 9999), side(2, user: "a", age: 1), conflict: conflict) == merged)
    }

    @Test("row 7: two users; never merged") func twoUsers() {
        #expect(
            compare(side(1, user: "a"), side(2, user: "b"))
                == Decision(outcome: .replace, row: 7, marksLoser: true, mergesRecords: false))
        #expect(
            compare(side(1, user: "a"), side(2, user: "b"), conflict: .keep)
                == Decision(outcome: .keepBoth, row: 7, marksLoser: false, mergesRecords: false))
    }

    @Test("row 7: users are told apart by their bytes, not by Unicode equivalence") func canonicalEquivalents() {
        #expect("\u{E9}" == "e\u{301}", "Swift takes these for equal")
        #expect(compare(side(1, user: "\u{E9}"), side(2, user: "e\u{301}")).row == 7)
    }

    @Test("row 8: the one with a record, else the older, else the primary's") func twoAnonymous() {
        let won = Decision(outcome: .useCurrent, row: 8, marksLoser: true, mergesRecords: true, primaryAdopts: true)
        let lost = Decision(outcome: .replace, row: 8, marksLoser: true, mergesRecords: true)
        #expect(compare(side(1, record: true, age: 100), side(2, record: false, age: 5000)) == won)
        #expect(compare(side(1, record: false, age: 5000), side(2, record: true, age: 100)) == lost)
        #expect(compare(side(1, record: true, age: 0), side(2, record: false, age: 61)) == won)
        #expect(compare(side(1, age: 101), side(2, age: 100)) == won)
        #expect(compare(side(1, age: 100), side(2, age: 101)) == lost)
        #expect(compare(side(1, record: false, age: 101), side(2, record: false, age: 100)) == won)
        #expect(compare(side(1, record: false, age: 100), side(2, record: false, age: 101)) == lost)
        #expect(compare(side(1, age: 100), side(2, age: 100)) == lost, "a tie is the primary's")
    }

    @Test(
        "new: no record and first seen within the last 60 s",
        arguments: [
            (false, 0, true), (false, 59, true), (false, 60, true), (false, 61, false), (false, 3600, false),
            (false, -3600, true), (true, 0, false), (true, 60, false),
        ] as [(Bool, Int64, Bool)])
    func boundariesOfNew(record: Bool, age: Int64, expected: Bool) {
        let side = side(1, record: record, age: age)
        #expect(side.isNew(now: now) == expected)
        #expect(compare(self.other, side).row == (expected ? 2 : 8))
        #expect(compare(side, self.other).row == (expected ? 3 : 8))
    }

    private let other = side(9)

    @Test("a session with a user is never new") func userIsNeverNew() {
        let user = Side(id: session(1), user: "a", hasRecord: false, firstSeen: now)
        #expect(!user.isNew(now: now))
        #expect(compare(side(2), user).row == 5)
    }
}

@Suite("Convergence") struct ConvergenceTests {
    private func winner(_ current: Side, _ primary: Side, conflict: Conflict = .replace) -> SessionID? {
        switch compare(current, primary, conflict: conflict).outcome {
        case .useCurrent: current.id
        case .replace: primary.id
        case .keepBoth: nil
        }
    }

    private func anySide(_ number: UInt8, _ generator: inout Seeded) -> Side {
        let ages: [Int64] = [-3600, 0, 30, 60, 61, 62, 100, 100_000]
        return side(
            number, user: [nil, nil, "a", "b"].randomElement(using: &generator) ?? nil,
            record: Bool.random(using: &generator), age: ages.randomElement(using: &generator) ?? 0)
    }

    @Test func theWinnerDoesNotDependOnWhoAsks() {
        var generator = Seeded(1)
        var symmetric = 0
        for _ in 0..<20_000 {
            let one = anySide(1, &generator)
            let two = anySide(2, &generator)
            let row = compare(one, two).row
            let bothNew = one.isNew(now: now) && two.isNew(now: now)
            let isTie = row == 8 && one.hasRecord == two.hasRecord && one.firstSeen == two.firstSeen
            guard !bothNew, !isTie, row != 6, row != 7 else { continue }
            symmetric += 1
            #expect(winner(one, two) == winner(two, one))
        }
        #expect(symmetric > 5000)
    }

    @Test func decidingAgainAtTheWinnerIsRowOne() {
        var generator = Seeded(2)
        for _ in 0..<20_000 {
            let current = anySide(1, &generator)
            let primary = anySide(2, &generator)
            guard let id = winner(current, primary) else { continue }
            let won = id == current.id ? current : primary
            #expect(compare(won, won) == Decision(outcome: .useCurrent, row: 1))
        }
    }

    /// Any number of domains that compare with the primary in any order, all marks followed, end in one session.
    @Test func domainsInAnyOrderEndInOneSession() {
        var generator = Seeded(3)
        for _ in 0..<2000 {
            var held = (0..<6).map { anySide(UInt8($0 + 1), &generator) }
            var marks: [SessionID: Side] = [:]
            func follow(_ side: Side) -> Side {
                var side = side
                var steps = 0
                while let next = marks[side.id], steps < 16 {
                    side = next
                    steps += 1
                }
                return side
            }
            for _ in 0..<3 {
                for domain in Array(1..<held.count).shuffled(using: &generator) {
                    let current = follow(held[domain])
                    let primary = follow(held[0])
                    let decision = compare(current, primary)
                    if decision.outcome == .useCurrent {
                        if decision.marksLoser { marks[primary.id] = current }
                        held[domain] = current
                        held[0] = decision.primaryAdopts ? current : primary
                    } else {
                        if decision.marksLoser { marks[current.id] = primary }
                        held[domain] = primary
                    }
                }
            }
            #expect(Set(held.map { follow($0).id }).count == 1)
        }
    }

    @Test func invariantsOfEveryDecision() {
        var generator = Seeded(4)
        for _ in 0..<20_000 {
            let current = Int.random(in: 0..<5, using: &generator) == 0 ? nil : anySide(1, &generator)
            let primary = Int.random(in: 0..<5, using: &generator) == 0 ? nil : anySide(2, &generator)
            for conflict in [Conflict.replace, .keep] {
                let decision = compare(current, primary, conflict: conflict)
                #expect((1...8).contains(decision.row))
                #expect(decision.marksLoser == (decision.row >= 4 && decision.outcome != .keepBoth))
                #expect(decision.mergesRecords == (decision.row == 6 || decision.row == 8))
                if decision.primaryAdopts { #expect(decision.outcome == .useCurrent && current != nil) }
                if decision.outcome == .replace { #expect(primary != nil) }
                let lost = decision.outcome == .replace ? current : decision.primaryAdopts ? primary : nil
                if lost?.user != nil { #expect(decision.row == 6 || decision.row == 7, "no user is lost to none") }
            }
        }
    }
}

@Suite("Preset flask-crossdomain-session") struct FlaskPresetTests {
    private func flask(_ current: Side?, _ primary: Side?) -> Decision {
        compare(current, primary, policy: .flaskCrossDomainSession)
    }

    @Test func r1SameToken() {
        #expect(flask(side(1), side(1)) == Decision(outcome: .useCurrent, row: 1))
    }

    @Test func r2PrimaryIsNew() {
        #expect(flask(side(1), nil) == adopted)
        #expect(flask(side(1, record: false, age: 0), nil) == adopted, "both new: the origin's survives")
        #expect(flask(nil, nil) == nothing, "R2b: an unknown token leaves nothing to adopt")
        #expect(
            flask(side(1, record: false, age: 0), side(2, record: false, age: 0)).row == 3, "a cookie came: not new")
    }

    @Test func r3OriginIsNewOrUnknown() {
        #expect(flask(side(1, record: false, age: 60), side(2)) == Decision(outcome: .replace, row: 3))
        #expect(flask(nil, side(2, user: "a")) == Decision(outcome: .replace, row: 3))
    }

    @Test func r4aTwoDifferentUsers() {
        for conflict in [Conflict.replace, .keep] {
            let decision = compare(
                side(1, user: "a"), side(2, user: "b"), policy: .flaskCrossDomainSession, conflict: conflict)
            #expect(decision == Decision(outcome: .keepBoth, row: 7))
        }
    }

    @Test func r4bThePrimaryHasAUser() {
        #expect(flask(side(1), side(2, user: "a")) == Decision(outcome: .replace, row: 5))
        #expect(flask(side(1, user: "a"), side(2, user: "a")) == Decision(outcome: .replace, row: 6))
    }

    @Test func r4cOnlyTheOriginHasAUser() {
        #expect(
            flask(side(1, user: "a"), side(2)) == Decision(outcome: .useCurrent, row: 4, primaryAdopts: true))
    }

    @Test func r4dNoUsers() {
        let origin = Decision(outcome: .useCurrent, row: 8, primaryAdopts: true)
        #expect(flask(side(1), side(2)) == origin)
        #expect(flask(side(1, age: 100), side(2, age: 5000)) == origin, "the code, not its comment: the origin's")
    }
}

@Suite("Preset django-shared-session") struct DjangoPresetTests {
    private func django(_ current: Side?, _ primary: Side?, alwaysReplace: Bool) -> Decision {
        compare(current, primary, policy: .djangoSharedSession(alwaysReplace: alwaysReplace))
    }

    @Test("no cookie at the target: set", arguments: [false, true]) func noCookie(alwaysReplace: Bool) {
        let set = Decision(outcome: .replace, row: 3)
        #expect(django(nil, side(2), alwaysReplace: alwaysReplace) == set)
        #expect(django(nil, side(2, user: "a"), alwaysReplace: alwaysReplace) == set)
        #expect(
            django(side(1, record: false, age: 9999), side(2), alwaysReplace: alwaysReplace) == set, "nothing stored")
    }

    @Test("live session at the target: untouched by default") func liveSession() {
        let kept = Decision(outcome: .keepBoth, row: 7)
        #expect(django(side(1), side(2), alwaysReplace: false) == kept)
        #expect(django(side(1), side(2, user: "a"), alwaysReplace: false) == kept)
        #expect(django(side(1, user: "a"), side(2, user: "a"), alwaysReplace: false) == kept)
    }

    @Test("live session at the target: replaced with SHARED_SESSION_ALWAYS_REPLACE") func alwaysReplace() {
        let replaced = Decision(outcome: .replace, row: 7)
        #expect(django(side(1), side(2), alwaysReplace: true) == replaced)
        #expect(django(side(1, user: "a"), side(2), alwaysReplace: true) == replaced)
    }

    @Test("a source without a session shares nothing", arguments: [false, true]) func emptySource(alwaysReplace: Bool) {
        #expect(django(side(1), nil, alwaysReplace: alwaysReplace) == adopted)
        #expect(django(side(1), side(2, record: false, age: 9999), alwaysReplace: alwaysReplace) == adopted)
        #expect(django(nil, nil, alwaysReplace: alwaysReplace) == nothing)
    }

    @Test("the same session", arguments: [false, true]) func same(alwaysReplace: Bool) {
        #expect(django(side(1), side(1), alwaysReplace: alwaysReplace) == Decision(outcome: .useCurrent, row: 1))
    }
}
