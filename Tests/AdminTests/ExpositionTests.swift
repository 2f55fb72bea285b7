import Metrics
import Testing

@testable import Admin

@Suite struct ExpositionTests {
    private func page(_ format: Exposition.Format) -> String {
        var out = Exposition(format)
        out.counter("a", "What it is.", [([("x", "q\"b\\s\nn")], 3)])
        out.gauge("b", "Another.", -1)
        let histogram = Histogram()
        histogram.observe(nanoseconds: 2_000_000)
        out.histogram("c_seconds", "Times.", [([], histogram.snapshot)])
        return out.finished()
    }

    @Test func prometheus() {
        let lines = page(.prometheus).split(separator: "\n")
        #expect(
            lines.prefix(6) == [
                "# HELP a_total What it is.", "# TYPE a_total counter", #"a_total{x="q\"b\\s\nn"} 3"#,
                "# HELP b Another.", "# TYPE b gauge", "b -1",
            ])
        #expect(lines.contains(#"c_seconds_bucket{le="0.001"} 0"#))
        #expect(lines.contains(#"c_seconds_bucket{le="0.0025"} 1"#))
        #expect(lines.suffix(3) == [#"c_seconds_bucket{le="+Inf"} 1"#, "c_seconds_sum 0.002", "c_seconds_count 1"])
    }

    @Test func openMetricsDiffersInNamesAndItsEnd() {
        let lines = page(.openMetrics).split(separator: "\n")
        #expect(lines.contains("# TYPE a counter"))
        #expect(lines.contains(#"a_total{x="q\"b\\s\nn"} 3"#))
        #expect(lines.last == "# EOF")
    }
}
