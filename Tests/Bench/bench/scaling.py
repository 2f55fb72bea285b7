"""What a second core brings.

The load and the origin need processor time themselves, on the proxy's cores where there are no others. So everything is
done on one core first, by one event loop (worker, thread) of each of the three, and then on two cores by two of each:
all grow alike, and what is not twice as much is lost to the second core.
"""

from contextlib import ExitStack

from .contenders import KINDS, Cores, Origin
from .load import saturate
from .measure import cpu

PLACES = {1: Cores((0,), (0,)), 2: Cores((0, 1), (0, 1))}


class Pair:
    """One proxy on one core, and the same on two; while one of them is measured, the other has nothing to do."""

    def __init__(self, name, shared, options, work):
        self.name, self.work, self.stack, self.contenders = name, work, ExitStack(), {}
        for count, cores in PLACES.items():
            folder = shared / f"scaling-{name}-{count}"
            folder.mkdir()
            self.contenders[count] = KINDS[name](name, Origin(shared, folder, cores), options, work)

    def missing(self):
        return self.contenders[1].missing()

    def start(self, begin):
        """Starts an origin for each of them, and then by `begin` the proxies; returns what was seen."""
        seen = []
        for contender in self.contenders.values():
            self.stack.callback(contender.origin.stop)
            self.stack.callback(contender.stop)
            contender.origin.start()
            seen.append(begin(contender))
        return "; ".join(sorted(set(seen)))

    def stop(self):
        self.stack.close()

    def measure(self, seconds):
        """Metric, unit and value of everything, one after the other on one core and on two."""
        rate, cost = {}, {}
        for count, contender in self.contenders.items():
            before = cpu(contender.session)
            load = saturate(self.work, contender, seconds)
            rate[count] = load.requests / load.seconds
            cost[count] = (cpu(contender.session) - before).total * 1e6 / load.requests
            yield f"throughput-{count}", "requests/s", rate[count]
            yield f"cpu-{count}", "µs/request", cost[count]
        yield "speed-up", "times", rate[2] / rate[1]
        yield "cpu-ratio", "times", cost[2] / cost[1]
