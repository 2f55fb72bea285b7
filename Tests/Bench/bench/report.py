"""Figures in, a table and JSON lines out."""

import json
import statistics
import sys
from dataclasses import dataclass, field


@dataclass
class Figure:
    """The values that one contender reached in one work, one a round."""

    work: str
    contender: str
    metric: str
    unit: str
    values: list = field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def spread(self):
        """Half the distance from the least to the greatest value, as a part of the median."""
        return (max(self.values) - min(self.values)) / 2 / self.median if self.median else 0.0


class Figures:
    """All figures of a run, and what there is none of."""

    def __init__(self, baselines):
        self.all, self.missing, self.baselines = {}, {}, baselines

    def add(self, work, contender, metric, unit, value):
        key = (work, contender, metric)
        self.all.setdefault(key, Figure(work, contender, metric, unit)).values.append(value)

    def get(self, work, contender, metric):
        return self.all.get((work, contender, metric))

    def ratio(self, figure, other):
        """The median of the ratios round by round: what disturbed a round disturbed both."""
        base = self.get(figure.work, other, figure.metric)
        if base is None:
            return None
        pairs = [(a, b) for a, b in zip(figure.values, base.values) if b]
        return statistics.median(a / b for a, b in pairs) if pairs else None

    def write(self, path, run, missing):
        """One JSON line a figure, and one for everything that is missing."""
        with open(path, "a") as out:
            for figure in self.all.values():
                baseline = self.baselines.get(figure.work, "nginx")
                line = {
                    **run,
                    "work": figure.work,
                    "contender": figure.contender,
                    "metric": figure.metric,
                    "unit": figure.unit,
                    "median": round(figure.median, 4),
                    "spread": round(figure.spread, 4),
                    "values": [round(value, 4) for value in figure.values],
                    "baseline": baseline,
                    "ratio": self.ratio(figure, baseline),
                    "ratio_haproxy_tcp": self.ratio(figure, "haproxy-tcp"),
                }
                out.write(json.dumps(line) + "\n")
            for work, reason in {**self.missing, **missing}.items():
                out.write(json.dumps({**run, "work": work, "missing": reason}) + "\n")


def table(heads, rows, out=sys.stdout):
    """Prints rows of texts: the first column to the left, the others to the right."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    for row in (heads, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        print("  " + "  ".join(cells).rstrip(), file=out)
        if row is heads:
            print("  " + "  ".join("-" * width for width in widths), file=out)


def number(value, digits=1):
    return "" if value is None else f"{value:,.{digits}f}"


def _median(figures, work, contender, metric, digits=1):
    figure = figures.get(work, contender, metric)
    return number(figure.median if figure else None, digits)


def work_table(figures, work, contenders, missing):
    """The main table of one work: processor time, throughput, system calls, operations of the session store, latency."""
    method = "POST" if work.upload else "GET"
    print(f"\n{work.name}: {method} {work.path} by {work.protocol.value}; the ratio is to {work.baseline}")
    heads = ["", "CPU µs", "±", "user", "system", "ratio", "to TCP relay", "per s", "core", "calls", "reads", "writes"]
    heads += ["at rate", "p50 µs", "p99", "p99.9"]
    rows = []
    for name in contenders:
        total = figures.get(work.name, name, "cpu")
        if total is None:
            continue
        get = lambda metric, digits=1: _median(figures, work.name, name, metric, digits)
        rows.append([
            name,
            number(total.median),
            f"{total.spread:.0%}",
            get("cpu-user"),
            get("cpu-system"),
            number(figures.ratio(total, work.baseline), 2),
            number(figures.ratio(total, "haproxy-tcp"), 2),
            get("throughput", 0),
            get("core", 2),
            get("system-calls"),
            get("store-reads", 2),
            get("store-writes", 2),
            *(get(f"latency-{part}", 0) for part in ("rate", "p50", "p99", "p99.9")),
        ])
    table(heads, rows)
    for name, reason in missing.items():
        figures.missing[f"{work.name}: {name}"] = reason
        print(f"  {name}: {reason.splitlines()[0]}")


def resources_table(figures, contenders, idle, missing):
    """What the proxies take up."""
    print("\nWhat a proxy takes up (MiB; memory is resident, idle and with idle connections; start in ms)")
    metrics = ("executable", "libraries", "start", "memory-idle", *(f"memory-{count}" for count in idle))
    heads = ["", "executable", "libraries", "start", "memory", *(f"{count:,} idle" for count in idle), *PER_CONNECTION]
    table(heads, [
        [name, *(_median(figures, "resources", name, metric) for metric in metrics), *_per_connection(figures, name, idle[-1])]
        for name in contenders
    ])
    for name, reason in missing.items():
        figures.missing[f"resources: {name}"] = reason
        print(f"  {name}: {reason}")


PER_CONNECTION = ("KiB/idle", "KiB/stalled")


def _per_connection(figures, name, idle):
    """KiB for each of the idle connections, and for each of the stalled downloads."""
    alone, with_all = (figures.get("resources", name, metric) for metric in ("memory-idle", f"memory-{idle}"))
    stalled = figures.get("resources", name, "stalled")
    return [
        number((with_all.median - alone.median) * 1024 / idle, 1) if alone and with_all else "",
        number(stalled.median, 0) if stalled else "",
    ]


def instructions_table(figures, works):
    """User instructions per request."""
    print("\nUser instructions per request (callgrind; one connection, one request after the other)")
    rows = []
    for work in works:
        for name in ("tombolo", "compared", work.baseline):
            if figure := figures.get(work.name, name, "instructions"):
                rows.append([f"{work.name} {name}", number(figure.median, 0), number(figures.ratio(figure, work.baseline), 2)])
    table(["", "instructions", "ratio"], rows)
    for name, reason in figures.missing.items():
        if name.startswith("instructions of "):
            print(f"  {name.removeprefix('instructions of ')}: {reason}")


def scaling_table(figures, contenders, missing):
    """One core and two."""
    print("\nEverything on one core, then on two, with a second event loop (worker, thread) of proxy, origin and load each")
    print("  The second throughput has the origin's and the load's share in it; 2 ÷ CPU ratio is what the proxy's own")
    print("  processor time leaves room for, if nothing waits.")
    metrics = (("throughput-1", 0), ("throughput-2", 0), ("speed-up", 2), ("cpu-1", 1), ("cpu-2", 1), ("cpu-ratio", 2))
    heads = ["", "per s on 1", "on 2", "ratio", "CPU µs on 1", "on 2", "ratio", "2 ÷ ratio"]
    rows = []
    for name in contenders:
        if cost := figures.get("scaling", name, "cpu-ratio"):
            cells = (_median(figures, "scaling", name, metric, digits) for metric, digits in metrics)
            rows.append([name, *cells, number(2 / cost.median, 2)])
    table(heads, rows)
    for name, reason in missing.items():
        figures.missing[f"scaling: {name}"] = reason
        print(f"  {name}: {reason.splitlines()[0]}")


def micro_table(figures):
    """The lookup of sessions, and the injectors, by themselves."""
    print("\nThe lookup of a session with a record that is in the cache (processor time)")
    rows = []
    for (work, contender, metric), figure in figures.all.items():
        if contender == "lookup" and metric == "cpu":
            least, allocations = (figures.get(work, contender, other).median for other in ("cpu-least", "allocations"))
            rows.append([work, number(figure.median, 3), number(least, 3), number(allocations, 1)])
    rows += [[work, reason, "", ""] for work, reason in figures.missing.items() if work.startswith("session from ")]
    table(["", "µs", "least", "allocations"], rows)
    print("\nThe injectors by themselves (processor time, the origin's page in, the browser's page out)")
    rows = []
    for (work, contender, metric), figure in figures.all.items():
        if contender == "injector" and metric == "cpu":
            least, speed = (figures.get(work, contender, other).median for other in ("cpu-least", "speed"))
            rows.append([work, number(figure.median), number(least), number(speed, 0)])
    rows += [[work, reason, "", ""] for work, reason in figures.missing.items() if work.startswith("inject ")]
    table(["", "µs/page", "least", "MB/s"], rows)
