import Testing

@testable import Sessions

private func full() -> SessionRecord {
    SessionRecord(
        createdAt: time(100), lastSeen: time(200), epoch: 3, epochHost: "shop.example", user: "ada/é\"\\\0",
        userApp: "shop",
        isPersistent: true,
        cookies: [
            AppCookie(
                app: "shop", name: "PHPSESSID", value: "a=b; \u{1F600}", path: "/x", domain: "shop.example",
                isSecure: true,
                expires: time(300), setAt: time(150)),
            AppCookie(app: "club", name: "sessionid", value: "", setAt: time(160)),
        ], deletedCookies: [CookieKey(app: "shop", name: "old")], data: #"{"cart":[1,2],"n":12345678901234567890}"#,
        mergedFrom: [SessionRecord.Merge(session: session(9), at: time(190))])
}

@Suite("Records as JSON") struct RecordJSONTests {
    @Test func roundTrip() throws {
        var revoked = full()
        revoked.revoke(at: time(250))
        var forwarded = full()
        forwarded.markForward(to: session(2), winnerEpoch: 7, at: time(250))
        for record in [full(), SessionRecord(createdAt: time(.min)), revoked, forwarded] {
            #expect(try SessionRecord.decode(record.encode()) == record)
        }
    }

    @Test func theTextIsStable() {
        #expect(
            String(decoding: SessionRecord(createdAt: time(5), user: "a/b", userApp: "x").encode(), as: UTF8.self)
                == #"{"createdAt":5,"epoch":0,"isPersistent":false,"lastSeen":5,"user":"a/b","userApp":"x","v":1}"#)
        #expect(full().encode() == full().encode())
    }

    @Test func unknownFieldsAreIgnoredAndMissingOnesHaveDefaults() throws {
        let text =
            #"{"v":1,"createdAt":5,"new":{"deep":[1]},"mergedFrom":[{"session":"\#(session(1).hex)","at":6,"x":1}]}"#
        let record = try SessionRecord.decode(text.utf8)
        #expect(
            record
                == SessionRecord(
                    createdAt: time(5), mergedFrom: [SessionRecord.Merge(session: session(1), at: time(6))]))
    }

    @Test(
        "garbage",
        arguments: [
            "", " ", "null", "[]", "{}", "1", #"{"v":1}"#, #"{"v":"1","createdAt":1}"#, #"{"v":1,"createdAt":1.5}"#,
            #"{"v":1,"createdAt":1,"epoch":-1}"#, #"{"v":1,"createdAt":1,"epoch":4294967296}"#,
            #"{"v":1,"createdAt":99999999999999999999}"#,
            #"{"v":1,"createdAt":1,"forward":{"to":"00","winnerEpoch":0,"at":0}}"#,
            #"{"v":1,"createdAt":1,"cookies":{}}"#, #"{"v":1,"createdAt":1,"user":7}"#,
        ])
    func garbage(text: String) {
        #expect(throws: SessionRecordError.malformed) { try SessionRecord.decode(text.utf8) }
    }

    @Test func otherVersions() {
        #expect(throws: SessionRecordError.unsupportedVersion(2)) {
            try SessionRecord.decode(#"{"v":2,"createdAt":1}"#.utf8)
        }
        #expect(throws: SessionRecordError.unsupportedVersion(0)) {
            try SessionRecord.decode(#"{"v":0}"#.utf8)
        }
    }

    @Test func truncatedAndDamagedBytesNeverTrap() {
        let bytes = full().encode()
        for count in 0..<bytes.count {
            #expect(throws: SessionRecordError.self) { try SessionRecord.decode(bytes.prefix(count)) }
        }
        var generator = Seeded(70)
        for _ in 0..<3000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = try? SessionRecord.decode(damaged)
        }
        for count in 0..<300 { _ = try? SessionRecord.decode(generator.bytes(count)) }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: SessionRecordError.malformed) { try SessionRecord.decode(deep.utf8) }
    }
}

@Suite("Changes of a record") struct RecordChangeTests {
    @Test func loginRaisesTheEpoch() {
        var record = SessionRecord(createdAt: time(0))
        var login = record.login(user: "ada", app: "shop", host: "shop.example")
        #expect(login == .raised)
        #expect(
            record.epoch == 1 && record.epochHost == "shop.example" && record.user == "ada" && record.userApp == "shop")
        let bound = record
        login = record.login(user: "ada", app: "shop", host: "club.example")
        #expect(login == .unchanged)
        #expect(record == bound)
        login = record.login(user: "bob", app: "shop", host: "club.example")
        #expect(login == .raised)
        #expect(record.epoch == 2 && record.epochHost == "club.example" && record.user == "bob")
        login = record.login(user: "bob", app: "club", host: "club.example")
        #expect(login == .raised)
        #expect(record.epoch == 3 && record.userApp == "club")
        record.user = "\u{E9}"
        login = record.login(user: "e\u{301}", app: "club", host: "h")
        #expect(login == .raised, "another user by its bytes")
    }

    @Test func anEpochAtItsEndBindsNobody() {
        var record = SessionRecord(createdAt: time(0), epoch: .max)
        let before = record
        let login = record.login(user: "ada", app: "shop", host: "h")
        #expect(login == .refused)
        #expect(record == before)
    }

    @Test func noLoginIntoARevokedOrForwardedSession() {
        var record = SessionRecord(createdAt: time(0))
        record.revoke(at: time(1))
        var login = record.login(user: "ada", app: "shop", host: "h")
        #expect(login == .refused)
        #expect(record.user == nil)
        record = SessionRecord(createdAt: time(0))
        record.markForward(to: session(2), winnerEpoch: 0, at: time(1))
        login = record.login(user: "ada", app: "shop", host: "h")
        #expect(login == .refused)
    }

    @Test func logoutLeavesTheRevocationOnly() {
        for end in [{ $0.logout(at: time(300)) }, { $0.revoke(at: time(300)) }] as [(inout SessionRecord) -> Void] {
            var record = full()
            end(&record)
            #expect(
                record
                    == SessionRecord(
                        createdAt: time(100), lastSeen: time(200), epoch: 3, epochHost: "shop.example",
                        isPersistent: true, revokedAt: time(300)))
            end(&record)
            record.revoke(at: time(400))
            #expect(record.revokedAt == time(300), "the first revocation stays")
            record.markForward(to: session(2), winnerEpoch: 0, at: time(500))
            #expect(record.forward == nil, "revoked stays revoked")
        }
    }

    @Test func revocationEndsAForwardingMark() {
        var record = full()
        record.markForward(to: session(2), winnerEpoch: 0, at: time(250))
        #expect(record.cookies.isEmpty && record.data == nil && record.user == nil && record.mergedFrom.isEmpty)
        let mark = SessionRecord.Forward(
            to: session(2), winnerEpoch: 0, at: time(250), user: full().user, userApp: full().userApp)
        #expect(record.standing(epoch: 3) == .forwarded(mark))
        record.revoke(at: time(260))
        #expect(record.standing(epoch: 3) == .revoked)
        #expect(record.forward == nil)
    }

    @Test func standings() {
        let record = full()
        #expect(record.standing(epoch: 2) == .superseded)
        #expect(record.standing(epoch: 3) == .live)
        #expect(record.standing(epoch: 4) == .live)
        var forwarded = full()
        forwarded.markForward(to: session(2), winnerEpoch: 1, at: time(1))
        #expect(forwarded.standing(epoch: 2) == .superseded, "a mark does not revive handles of an earlier epoch")
    }

    @Test func followingAMarkLogsNobodyIn() throws {
        func mark(user: String?, app: String = "shop", epoch: UInt32) throws -> SessionRecord.Forward {
            var loser = SessionRecord(createdAt: time(0), user: user, userApp: user.map { _ in app })
            loser.markForward(to: session(2), winnerEpoch: epoch, at: time(1))
            return try #require(loser.forward)
        }
        var winner = SessionRecord(createdAt: time(0))
        #expect(winner.honours(try mark(user: nil, epoch: 0)), "row 8, and nothing to take")
        var full = winner
        full.cookies = [AppCookie(app: "shop", name: "PHPSESSID", value: "v", setAt: time(0))]
        #expect(!full.honours(try mark(user: nil, epoch: 0)), "a cookie can be a login that nobody told of")
        full = winner
        full.data = "{}"
        #expect(!full.honours(try mark(user: nil, epoch: 0)), "nor does a mark open session data")
        winner.login(user: "ada", app: "shop", host: "h")
        #expect(!winner.honours(try mark(user: nil, epoch: 0)), "a login since")
        #expect(!winner.honours(try mark(user: nil, epoch: 1)), "rows 4 and 5: the loser had no user")
        #expect(!winner.honours(try mark(user: "bob", epoch: 1)), "row 7")
        #expect(winner.honours(try mark(user: "ada", epoch: 1)), "row 6")
        #expect(!winner.honours(try mark(user: "ada", app: "club", epoch: 1)), "a namesake of another app")
        winner.revoke(at: time(9))
        #expect(!winner.honours(try mark(user: "ada", epoch: 1)))
    }

    @Test func aChainOfMarksKeepsWhoFollows() throws {
        var first = SessionRecord(createdAt: time(0))
        first.markForward(to: session(2), winnerEpoch: 1, at: time(1))
        var second = SessionRecord(createdAt: time(0), epoch: 1, user: "ada")
        second.markForward(to: session(3), winnerEpoch: 1, at: time(2))
        #expect(!second.honours(try #require(first.forward)), "the middle one was ada's")
        second.markForward(to: session(4), winnerEpoch: 1, at: time(3))
        #expect(second.forward?.user == "ada")
    }

    @Test func touchAtMostOnceAMinute() {
        var record = SessionRecord(createdAt: time(1000))
        var touched = record.touch(now: time(1059))
        #expect(!touched)
        #expect(record.lastSeen == time(1000))
        touched = record.touch(now: time(1060))
        #expect(touched)
        #expect(record.lastSeen == time(1060))
        touched = record.touch(now: time(1060))
        #expect(!touched)
        touched = record.touch(now: time(1060 - 3600))
        #expect(!touched, "an hour back: the clock was set right")
        touched = record.touch(now: time(1060 - 3601))
        #expect(touched)
        #expect(record.lastSeen == time(1060 - 3601))
        record.revoke(at: time(1))
        touched = record.touch(now: time(99_999))
        #expect(!touched)
    }

    @Test func mergeReportsEndByTimeOrAcknowledgement() {
        var record = SessionRecord(
            createdAt: time(0),
            mergedFrom: [.init(session: session(1), at: time(0)), .init(session: session(2), at: time(100))])
        #expect(record.pendingMerges(now: time(599)) == [session(1), session(2)])
        #expect(record.pendingMerges(now: time(600)) == [session(2)])
        var dropped = record.dropOldMerges(now: time(599))
        #expect(!dropped)
        dropped = record.dropOldMerges(now: time(600))
        #expect(dropped)
        #expect(record.mergedFrom.map(\.session) == [session(2)])
        var acknowledged = record.acknowledgeMerges([session(1)])
        #expect(!acknowledged)
        acknowledged = record.acknowledgeMerges([session(2), session(1)])
        #expect(acknowledged)
        acknowledged = record.acknowledgeMerges()
        #expect(record.mergedFrom.isEmpty && !acknowledged)
        record.mergedFrom = [.init(session: session(1), at: time(0)), .init(session: session(3), at: time(0))]
        acknowledged = record.acknowledgeMerges()
        #expect(acknowledged)
        #expect(record.mergedFrom.isEmpty)
    }

    @Test func emptiness() {
        let empty = SessionRecord(createdAt: time(1), lastSeen: time(99), isPersistent: true)
        #expect(empty.isEmpty)
        let changes: [(inout SessionRecord) -> Void] = [
            { $0.epoch = 1 }, { $0.user = "" },
            { $0.cookies = [AppCookie(app: "a", name: "b", value: "c", setAt: time(0))] },
            { $0.deletedCookies = [CookieKey(app: "a", name: "b")] }, { $0.data = "{}" }, { $0.revoke(at: time(1)) },
            { $0.markForward(to: session(1), winnerEpoch: 0, at: time(1)) },
            { $0.mergedFrom = [.init(session: session(1), at: time(1))] },
        ]
        for change in changes {
            var record = empty
            change(&record)
            #expect(!record.isEmpty)
        }
    }
}

@Suite("Life of a record") struct RecordLifeTests {
    private let timeouts = SessionTimeouts(
        idle: 1000, absolute: 10_000, persistentIdle: 5000, persistentAbsolute: 90_000)

    @Test func expiry() {
        let grace: Int64 = 3600 + 60
        var record = SessionRecord(createdAt: time(0), lastSeen: time(500))
        #expect(record.expiry(timeouts: timeouts) == time(1500 + grace))
        record.lastSeen = time(9500)
        #expect(record.expiry(timeouts: timeouts) == time(10_000 + grace), "never beyond the absolute timeout")
        record.isPersistent = true
        #expect(record.expiry(timeouts: timeouts) == time(14_500 + grace))
        record = SessionRecord(createdAt: time(0), lastSeen: time(500))
        record.revoke(at: time(700))
        #expect(record.expiry(timeouts: timeouts) == time(5700 + grace), "the longer timeouts, from the revocation")
        record = SessionRecord(createdAt: time(.max), lastSeen: time(.max))
        #expect(record.expiry(timeouts: timeouts) == time(.max))
    }

    /// Whatever was done to a record: while a handle to it lives, a store may not drop it.
    @Test func aRecordOutlivesItsHandles() {
        var generator = Seeded(80)
        for _ in 0..<20_000 {
            let created = Int64.random(in: 0...20_000, using: &generator)
            let seen = created + Int64.random(in: 0...8000, using: &generator)
            var record = SessionRecord(
                createdAt: time(created), lastSeen: time(seen), isPersistent: Bool.random(using: &generator))
            var handle = Handle(
                session: session(1), epoch: 0, firstSeen: time(created),
                issuedAt: time(min(seen + 59, Int64.random(in: created...seen + 59, using: &generator))),
                isPersistent: record.isPersistent)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: record.revoke(at: time(seen + Int64.random(in: 0...500, using: &generator)))
            case 1: record.markForward(to: session(2), winnerEpoch: 0, at: time(seen + 10))
            default: break
            }
            if record.revokedAt != nil || record.forward != nil { handle.isPersistent = Bool.random(using: &generator) }
            // A clock that is an hour ahead while the store sweeps drops nothing either.
            let now = record.expiry(timeouts: timeouts).adding(-3600)
            #expect(!timeouts.isAlive(handle, lastSeen: record.lastSeen, now: now))
        }
    }
}
