public import HTMLInjection
internal import Synchronization

/// What became of the loader in pages, counted over all connections since the start.
///
/// Counted is every response that was a candidate or could have been one but for a reason worth knowing; what is no HTML
/// at all is not.
public final class PageCounters: Sendable {
    private final class Cell: Sendable {
        let value = Atomic<Int>(0)
    }
    private let injectedCell = Cell()
    private let skippedCells = InjectionSkip.allCases.map { ($0, Cell()) }
    private let failedCells = InjectionFailure.allCases.map { ($0, Cell()) }

    /// Nothing counted yet.
    public init() {}

    /// Pages that got the loader.
    public var injected: Int { injectedCell.value.load(ordering: .relaxed) }

    /// Pages left as they were, by reason; reasons that have not occurred are left out.
    public var skipped: [InjectionSkip: Int] { Self.values(skippedCells) }

    /// Pages broken off after the loader was in, by reason; reasons that have not occurred are left out.
    public var failed: [InjectionFailure: Int] { Self.values(failedCells) }

    func count(_ outcome: InjectionOutcome) {
        switch outcome {
        case .undecided, .skipped(.mediaType): break
        case .injected: injectedCell.value.wrappingAdd(1, ordering: .relaxed)
        case .skipped(let reason): skippedCells.first { $0.0 == reason }?.1.value.wrappingAdd(1, ordering: .relaxed)
        case .failed(let reason): failedCells.first { $0.0 == reason }?.1.value.wrappingAdd(1, ordering: .relaxed)
        }
    }

    private static func values<Reason: Hashable>(_ cells: [(Reason, Cell)]) -> [Reason: Int] {
        var values: [Reason: Int] = [:]
        for (reason, cell) in cells {
            let value = cell.value.load(ordering: .relaxed)
            if value > 0 { values[reason] = value }
        }
        return values
    }
}
