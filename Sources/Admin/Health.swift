internal import NIOConcurrencyHelpers

/// How the program is doing, for those who decide whether it gets traffic or is started again.
public final class Health: Sendable {
    /// How far the program is.
    public enum Stage: String, Sendable {
        /// Not all listeners are open yet.
        case starting
        case serving
        /// It has been told to end, and finishes what runs.
        case draining
    }

    /// The answer to one of the questions.
    struct Report: Sendable, Equatable {
        /// What speaks against it; nothing: all is well.
        var reasons: [String]
        var isGood: Bool { reasons.isEmpty }
    }

    private let stage = NIOLockedValueBox(Stage.starting)
    private let loopsAnswer: @Sendable () async throws -> Void
    private let storeAnswers: @Sendable () async throws -> Void
    /// How long either may take.
    private let patience: Duration

    /// - Parameters:
    ///   - patience: how long an answer may take before it counts as none.
    ///   - loopsAnswer: returns when every event loop has taken a turn.
    ///   - storeAnswers: returns when the session store has answered a question; throws what is wrong with it.
    public init(
        patience: Duration = .seconds(2), loopsAnswer: @escaping @Sendable () async throws -> Void,
        storeAnswers: @escaping @Sendable () async throws -> Void
    ) {
        self.patience = patience
        self.loopsAnswer = loopsAnswer
        self.storeAnswers = storeAnswers
    }

    /// Notes how far the program is.
    public func enter(_ stage: Stage) { self.stage.withLockedValue { $0 = stage } }

    /// Whether it has started: true for good once all listeners are open.
    func started() -> Report {
        stage.withLockedValue { $0 } == .starting ? Report(reasons: ["starting"]) : Report(reasons: [])
    }

    /// Whether it should get traffic: it listens, the store answers, and it is not about to end.
    func ready() async -> Report {
        var reasons: [String] = []
        let stage = stage.withLockedValue { $0 }
        if stage != .serving { reasons.append(stage.rawValue) }
        if let trouble = await trouble(with: storeAnswers) { reasons.append("store: \(trouble)") }
        return Report(reasons: reasons)
    }

    /// Whether it is alive. Never depends on a store or an upstream: to start it again would help neither.
    func alive() async -> Report {
        Report(reasons: await trouble(with: loopsAnswer).map { ["event loops: \($0)"] } ?? [])
    }

    private func trouble(with question: @escaping @Sendable () async throws -> Void) async -> String? {
        let answer = await within(patience) { () async -> String? in
            do {
                try await question()
                return nil
            } catch {
                return "\(error)"
            }
        }
        guard let answer else { return "no answer within \(patience)" }
        return answer
    }
}
