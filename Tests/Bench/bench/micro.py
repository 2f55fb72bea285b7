"""The injectors and the lookup of sessions by themselves: the package in `Micro/`, which is built for it."""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

from . import pages
from .contenders import Cores, pinned

PACKAGE = Path(__file__).resolve().parents[1] / "Micro"
ALLOCATIONS = Path(__file__).resolve().parents[2] / "Load" / "allocations.c"
SIZES = {"10k": 10_240, "100k": 102_400, "1m": 1_048_576}
CHUNKS = (1024, 16_384)


def _by(*command):
    """A compressor that is a program, or None if it is not installed."""
    if not shutil.which(command[0]):
        return None
    return lambda page: subprocess.run(command, input=page, capture_output=True, check=True).stdout


CODINGS = {
    "identity": lambda page: page,
    "gzip": lambda page: gzip.compress(page, 6, mtime=0),
    "br": _by("brotli", "--stdout", "--quality=5"),
    "zstd": _by("zstd", "--stdout", "--quiet", "-3"),
}


def build(folder):
    """Builds the package and returns the program."""
    scratch = Path(os.environ.get("TOMBOLO_BENCH_SCRATCH") or folder / "micro")
    command = ["swift", "build", "-c", "release", "--package-path", PACKAGE, "--scratch-path", scratch]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return scratch / "release" / "Micro"


def injection(program, coding, size, chunk, seconds):
    """Microseconds of processor time per page, or why there is no figure."""
    if CODINGS[coding] is None:
        return None, f"missing: no program that compresses with {coding} is installed"
    page = CODINGS[coding](pages.html(SIZES[size]))
    told, reason = _run([program, "inject", coding, chunk, seconds, pages.TAG.decode()], page)
    if told == "missing":
        return None, f"missing: Tombolo does not insert into {coding} yet"
    return told and json.loads(told), reason


def session(program, visitors, seconds, folder):
    """Microseconds of processor time for a lookup in the cache, and how often it allocates memory; or why there is no figure."""
    told, reason = _run([program, "session", seconds, visitors])
    if told is None:
        return None, reason
    library = folder / "allocations.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, ALLOCATIONS], check=True)
    counting = {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(folder / "allocations")}
    counted, reason = _run([program, "session", seconds, visitors], **counting)
    return counted and {**json.loads(told), **json.loads(counted)}, reason


def _run(command, page=b"", **environment):
    """What the program printed, or None and why it printed nothing."""
    command = pinned(Cores().proxy, command)
    run = subprocess.run(command, input=page, capture_output=True, env={**os.environ, **environment})
    if run.returncode != 0:
        return None, f"failed: {run.stdout.decode().strip() or run.stderr.decode().strip()}"
    return run.stdout.decode().strip(), ""
