"""System calls per request, counted by the kernel (perf stat) while wrk runs."""

import re
import subprocess

from .load import saturate
from .measure import processes

COUNTER = "raw_syscalls:sys_enter"


def per_request(work, contender):
    """The number, or None where the kernel does not let perf count."""
    pids = ",".join(map(str, processes(contender.session)))
    command = ["perf", "stat", "-x", ";", "-e", COUNTER, "-p", pids]
    try:
        counter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        return None
    try:
        load = saturate(work, contender, 1)
    finally:
        counter.send_signal(2)
        report = counter.communicate()[1]
    counted = re.search(rf"^(\d+);;{COUNTER}", report, re.MULTILINE)
    return int(counted[1]) / load.requests if counted else None
