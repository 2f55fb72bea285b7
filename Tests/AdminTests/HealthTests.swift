import Testing

@testable import Admin

@Suite struct HealthTests {
    private struct Trouble: Error, CustomStringConvertible { var description: String { "the disk is gone" } }

    private static let never: @Sendable () async throws -> Void = {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }

    @Test func stages() async {
        let health = Health(loopsAnswer: {}, storeAnswers: {})
        #expect(health.started().reasons == ["starting"])
        #expect(await health.ready().reasons == ["starting"])
        health.enter(.serving)
        #expect(health.started().isGood)
        #expect(await health.ready().isGood)
        health.enter(.draining)
        #expect(health.started().isGood)
        #expect(await health.ready().reasons == ["draining"])
        #expect(await health.alive().isGood)
    }

    @Test func aStoreInTroubleIsNoReasonToBeStartedAgain() async {
        let health = Health(loopsAnswer: {}, storeAnswers: { throw Trouble() })
        health.enter(.serving)
        #expect(await health.ready().reasons == ["store: the disk is gone"])
        #expect(await health.alive().isGood)
    }

    @Test func whatNeverAnswersIsReported() async {
        let health = Health(patience: .zero, loopsAnswer: Self.never, storeAnswers: Self.never)
        health.enter(.serving)
        #expect(await health.ready().reasons == ["store: no answer within 0.0 seconds"])
        #expect(await health.alive().reasons == ["event loops: no answer within 0.0 seconds"])
    }
}
