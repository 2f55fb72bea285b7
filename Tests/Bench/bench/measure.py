"""What the operating system says about a proxy's processes."""

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def processes(session):
    """The ids of all processes of one session (in the operating system's sense)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int(_stat(entry)[3]) == session:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has just ended
    return found


def _stat(folder):
    """The fields of /proc/PID/stat after the name, which may contain anything: state is the first of them."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


@dataclass
class CPU:
    """Seconds of processor time."""

    total: float
    user: float
    system: float

    def __sub__(self, other):
        return CPU(self.total - other.total, self.user - other.user, self.system - other.system)


def cpu(session):
    """The scheduler's nanoseconds for the total; the kernel's ticks for how they divide into user and system."""
    total = user = system = 0
    for pid in processes(session):
        folder = Path(f"/proc/{pid}")
        for task in (folder / "task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        fields = _stat(folder)
        user, system = user + int(fields[11]), system + int(fields[12])
    return CPU(total / 1e9, user / TICK, system / TICK)
