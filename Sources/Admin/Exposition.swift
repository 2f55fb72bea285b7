internal import Metrics

/// Writes numbers in the text format of Prometheus (version 0.0.4), or in OpenMetrics 1.0, which differs in details.
struct Exposition {
    enum Format {
        case prometheus, openMetrics

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    typealias Labels = [(name: String, value: String)]

    private let format: Format
    private(set) var text = ""

    init(_ format: Format) { self.format = format }

    /// What only goes up. `name` is without `_total`.
    mutating func counter(_ name: String, _ help: String, _ samples: [(Labels, some Numeric)]) {
        begin(format == .prometheus ? "\(name)_total" : name, "counter", help)
        for (labels, value) in samples { line("\(name)_total", labels, "\(value)") }
    }

    /// One counter without labels.
    mutating func counter(_ name: String, _ help: String, _ value: some Numeric) {
        counter(name, help, [([], value)])
    }

    /// What goes up and down.
    mutating func gauge(_ name: String, _ help: String, _ samples: [(Labels, some Numeric)]) {
        begin(name, "gauge", help)
        for (labels, value) in samples { line(name, labels, "\(value)") }
    }

    /// One gauge without labels.
    mutating func gauge(_ name: String, _ help: String, _ value: some Numeric) { gauge(name, help, [([], value)]) }

    /// Durations; `name` ends in `_seconds`.
    mutating func histogram(_ name: String, _ help: String, _ samples: [(Labels, Histogram.Snapshot)]) {
        begin(name, "histogram", help)
        let bounds = Histogram.bounds.map { "\(Double($0) / 1e9)" } + ["+Inf"]
        for (labels, snapshot) in samples {
            var below = 0
            for (bound, count) in zip(bounds, snapshot.counts) {
                below &+= count
                line("\(name)_bucket", labels + [("le", bound)], "\(below)")
            }
            line("\(name)_sum", labels, "\(Double(snapshot.sum) / 1e9)")
            line("\(name)_count", labels, "\(below)")
        }
    }

    /// The whole page.
    func finished() -> String { format == .openMetrics ? text + "# EOF\n" : text }

    // MARK: Lines

    private mutating func begin(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var out = ""
        for letter in value.unicodeScalars {
            switch letter {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(letter)
            }
        }
        return out
    }
}

extension LabelledCounters {
    /// The counters with names to their labels.
    func samples(_ names: String...) -> [(Exposition.Labels, Int)] {
        values.map { entry in (zip(names, entry.labels).map { ($0, $1) }, entry.count) }
    }
}
