"""Latency at a fixed rate, by the open-loop generator `openloop.c`."""

import json
import subprocess
from pathlib import Path

from .ask import WrongAnswer
from .contenders import pinned
from .load import CONNECTIONS, request_head

SOURCE = Path(__file__).resolve().parents[1] / "openloop.c"
PERCENTILES = ("p50", "p99", "p99.9")


def build(folder):
    """Compiles the generator and returns its path."""
    program = folder / "openloop"
    subprocess.run(["gcc", "-O2", "-std=gnu17", "-o", program, SOURCE], check=True)
    return program


def measure(generator, work, contender, rate, seconds):
    """The generator's report: a dictionary with the percentiles in microseconds, and the rate that was reached."""
    command = [generator, contender.port, f"{rate:.0f}", CONNECTIONS, seconds]
    if work.message:
        command.append(work.message)
    requests = b"".join(request_head(work, contender, cookies) for cookies in contender.cookies() or [None])
    command = pinned(contender.origin.cores.load, command)
    run = subprocess.run(command, input=requests, capture_output=True, timeout=seconds + 30)
    if run.returncode != 0:
        raise WrongAnswer(f"{contender.name}, {work.name}: {run.stderr.decode().strip()}")
    return json.loads(run.stdout)


def rate_for(contender, figures, work, rivals):
    """Half of what the slowest of the rivals can do, so that all are asked the same; a slower one is asked half its own."""
    able = lambda name: figures.get(work.name, name, "throughput").median
    return min(able(name) for name in {contender, *rivals} if figures.get(work.name, name, "throughput")) / 2
