"""Starts everything, measures in alternating rounds, stops everything."""

from contextlib import ExitStack, contextmanager

from support.certificates import Authority

from . import instructions, latency, micro, pages, report, resources, scaling, system_calls
from .ask import HOST, WrongAnswer
from .contenders import KINDS, Origin
from .load import saturate, verify
from .measure import cpu
from .work import COUNTED, LARGE, PLAIN, WORKS

PARTS = ("cpu", "latency", "syscalls", "resources", "instructions", "scaling", "micro")
PER_WORK = PARTS[:3]
IDLE = (1_000, 10_000)
STALLED = 1_000
# Those whose configuration lets them have so many connections to the origin, and that hold what they read in memory.
STALLERS = ("tombolo", "nginx", "compared")
MESSAGES_PER_SECOND = 5_000
SCALED = ("tombolo", "nginx", "haproxy")
# Of so many visitors on one connection, whose sessions are looked up: the same one each time, and never the same twice.
LOOKED_UP = {"the same cookie": 1, "cookies in turn": 100}
WEIGHED = ("tombolo", "nginx", "haproxy", "caddy", "apache")


class Run:
    """One run of the instrument."""

    def __init__(self, folder, options, figures):
        self.folder, self.options, self.figures = folder, options, figures
        named = [part for part in PARTS if part in options.only]
        self.parts = named or (PER_WORK if options.only else PARTS)
        self.generator = None

    def wanted(self, names):
        """Those of `names` that were asked for; all, when none was."""
        return [name for name in names if name in self.options.only] or list(names)

    def contenders(self, names):
        """Those of `names` that were asked for, and the other build of Tombolo if there is one."""
        asked = self.wanted(names)
        return [*asked, "compared"] if self.options.compare and "compared" not in asked else asked

    def works(self, names=tuple(work.name for work in WORKS)):
        asked = self.wanted(names)
        return [work for work in WORKS if work.name in asked]

    def everything(self):
        self.bodies = pages.write(self.folder / "pages")
        Authority(self.folder / "authority").issue(self.folder / "certificate.pem", HOST)
        with ExitStack() as stack:
            self.origin = Origin(self.folder, self.folder)
            stack.callback(self.origin.stop)
            self.origin.start()
            if any(part in self.parts for part in PER_WORK):
                self.generator = latency.build(self.folder)
                for work in self.works():
                    self.work(work)
            if "resources" in self.parts:
                self.resources()
            if "instructions" in self.parts:
                self.instructions()
        if "scaling" in self.parts:
            self.scaling()
        if "micro" in self.parts:
            self.micro()

    def make(self, name, work):
        return KINDS[name](name, self.origin, self.options, work)

    def begin(self, contender):
        """Starts a contender, looks at an answer, and warms it up. Returns what was seen."""
        contender.start()
        seen = verify(contender.work, contender, self.bodies)
        self.load(contender.work, contender, 1)
        return seen

    @contextmanager
    def running(self, candidates, begin, missing):
        """Those that are there and that `begin` had the right answer from. Why the others are not: in `missing`."""
        with ExitStack() as stack:
            ready = []
            for candidate in candidates:
                if reason := candidate.missing():
                    missing[candidate.name] = reason
                    continue
                stack.callback(candidate.stop)
                try:
                    print(f"  {candidate.name}: {begin(candidate)}")
                    ready.append(candidate)
                except (WrongAnswer, AssertionError, OSError) as wrong:
                    missing[candidate.name] = f"not measured: {wrong}"
                    print(f"  {candidate.name}: not measured: {wrong}")
            yield ready

    def load(self, work, contender, seconds):
        """How many requests were answered, and in how many seconds."""
        if work.message:
            told = latency.measure(self.generator, work, contender, MESSAGES_PER_SECOND, seconds)
            return told["requests"], told["requests"] / told["rate"]
        load = saturate(work, contender, seconds)
        return load.requests, load.seconds

    def work(self, work):
        """All contenders of one work in alternating rounds."""
        names, missing = self.contenders(work.contenders), {}
        print(f"\n{work.name}:", flush=True)
        with self.running([self.make(name, work) for name in names], self.begin, missing) as running:
            self.rounds(running, self.round, missing)
            if "latency" in self.parts and work.open_loop:
                self.rounds(running, self.latency, missing)
            if "syscalls" in self.parts and not work.message:
                self.rounds(running, self.system_calls, missing, times=1)
        report.work_table(self.figures, work, names, missing)

    def rounds(self, running, measure, missing, times=None):
        """One after the other, and the next time the other way round. Whoever fails once is out."""
        for turn in range(times or self.options.rounds):
            for contender in list(running) if turn % 2 == 0 else list(reversed(running)):
                try:
                    measure(contender.work, contender)
                except (WrongAnswer, OSError) as wrong:
                    missing[contender.name] = f"gave up: {wrong}"
                    running.remove(contender)

    def round(self, work, contender):
        stored, before = contender.store_operations(), cpu(contender.session)
        requests, seconds = self.load(work, contender, self.options.seconds)
        spent = cpu(contender.session) - before
        for kind, count in contender.store_operations().items():
            each = (count - stored[kind]) / requests
            self.figures.add(work.name, contender.name, f"store-{kind}", f"{kind}/request", each)
        each = spent.total * 1e6 / requests
        ticks = spent.user + spent.system or 1
        for metric, unit, value in (
            ("cpu", "µs/request", each),
            ("cpu-user", "µs/request", each * spent.user / ticks),
            ("cpu-system", "µs/request", each * spent.system / ticks),
            ("throughput", "requests/s", requests / seconds),
            ("core", "part of a core", spent.total / seconds),
        ):
            self.figures.add(work.name, contender.name, metric, unit, value)

    def latency(self, work, contender):
        rate = latency.rate_for(contender.name, self.figures, work, ("tombolo", work.baseline))
        told = latency.measure(self.generator, work, contender, rate, self.options.seconds)
        self.figures.add(work.name, contender.name, "latency-rate", "requests/s", told["rate"])
        for percentile in latency.PERCENTILES:
            self.figures.add(work.name, contender.name, f"latency-{percentile}", "µs", told[percentile])

    def system_calls(self, work, contender):
        if (calls := system_calls.per_request(work, contender)) is not None:
            self.figures.add(work.name, contender.name, "system-calls", "calls/request", calls)

    def resources(self):
        """What a proxy takes up."""
        missing = {}
        names = self.contenders(WEIGHED)
        for name in names:
            contender = self.make(name, PLAIN)
            if reason := contender.missing():
                missing[name] = reason
                continue
            size, libraries = resources.sizes(contender)
            self.figures.add("resources", name, "executable", "MiB", size)
            self.figures.add("resources", name, "libraries", "MiB", libraries)
            self.figures.add("resources", name, "start", "ms", resources.start_time(contender))
            with ExitStack() as stack:
                stack.callback(contender.stop)
                contender.start()
                self.figures.add("resources", name, "memory-idle", "MiB", resources.memory(contender))
                idle = resources.IdleConnections(PLAIN, contender)
                stack.callback(idle.close)
                for count in IDLE:
                    if idle.grow(count):
                        self.figures.add("resources", name, f"memory-{count}", "MiB", resources.memory(contender))
                    else:
                        missing[f"{name} with {count:,}"] = f"missing: it answered only {len(idle.sockets) - 1:,}"
            if name in STALLERS:
                self.stalled(name, missing)
        report.resources_table(self.figures, names, IDLE, missing)

    def stalled(self, name, missing):
        """What a proxy holds for clients that do not read."""
        contender = self.make(name, LARGE)
        with ExitStack() as stack:
            stack.callback(contender.stop)
            contender.start()
            before = resources.memory(contender)
            stalled = resources.StalledDownloads(LARGE, contender)
            stack.callback(stalled.close)
            if stalled.grow(STALLED):
                each = (resources.settled(contender) - before) * 1024 / STALLED
                self.figures.add("resources", name, "stalled", "KiB/connection", each)
            else:
                missing[f"{name} with stalled downloads"] = f"missing: it took only {len(stalled.sockets) - 1:,}"

    def instructions(self):
        """User instructions per request."""
        for work in self.works(COUNTED):
            for name in self.contenders(("tombolo", work.baseline)):
                kind = instructions.STRIPPED.get(name, KINDS[name])
                try:
                    count = instructions.per_request(lambda: kind(name, self.origin, self.options, work))
                    self.figures.add(work.name, name, "instructions", "instructions/request", count)
                except instructions.NotCounted as reason:
                    self.figures.missing[f"instructions of {work.name}: {name}"] = f"missing: {reason}"
        report.instructions_table(self.figures, self.works(COUNTED))

    def scaling(self):
        """What a second event loop (worker, thread) on a second core brings."""
        names, missing = self.contenders(SCALED), {}
        pairs = [scaling.Pair(name, self.folder, self.options, PLAIN) for name in names]
        print("\none core and two:", flush=True)
        with self.running(pairs, lambda pair: pair.start(self.begin), missing) as running:
            self.rounds(running, self.scale, missing)
        report.scaling_table(self.figures, names, missing)

    def scale(self, work, pair):
        for metric, unit, value in pair.measure(self.options.seconds):
            self.figures.add("scaling", pair.name, metric, unit, value)

    def micro(self):
        """Parts of Tombolo by themselves."""
        program = micro.build(self.folder)
        for name, visitors in LOOKED_UP.items():
            told, reason = micro.session(program, visitors, self.options.seconds / 4, self.folder)
            work = f"session from the cache, {name}"
            self.alone(work, "lookup", "µs", told, reason)
            if told:
                self.figures.add(work, "lookup", "allocations", "allocations", told["allocations"])
        for coding in micro.CODINGS:
            for size, length in micro.SIZES.items():
                for chunk in micro.CHUNKS:
                    told, reason = micro.injection(program, coding, size, chunk, self.options.seconds / 4)
                    work = f"inject {coding} {size} in {chunk:,}-byte chunks"
                    self.alone(work, "injector", "µs/page", told, reason)
                    if told:
                        self.figures.add(work, "injector", "speed", "MB/s", length / told["median"])
        report.micro_table(self.figures)

    def alone(self, work, part, unit, told, reason):
        """Notes the processor time of a part by itself, or why there is none."""
        if told is None:
            self.figures.missing[work] = reason
            return
        self.figures.add(work, part, "cpu", unit, told["median"])
        self.figures.add(work, part, "cpu-least", unit, told["least"])
