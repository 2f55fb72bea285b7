"""The command line."""

import argparse
import hashlib
import os
import resource
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from .contenders import KINDS  # noqa: E402
from .report import Figures  # noqa: E402
from .run import PARTS, Run  # noqa: E402
from .work import MISSING, WORKS  # noqa: E402

DESCRIPTORS = 65_536

DESCRIPTION = """Measures Tombolo and its peers in the same run: each proxy on core 0, the origin and the load on core 1, in
alternating rounds; in the part scaling, all of them on both. It says what a proxy really answered before it measures, and
leaves nothing behind. (Debian starts a server when it installs one; on a machine with systemd, stop what you do not want.)
With TLS, all clients ask for version 1.3 with AES-128-GCM and X25519, and the certificate is one of ECDSA P-256."""
EPILOG = f"""Parts: {", ".join(PARTS)}. Works: {", ".join(work.name for work in WORKS)}. Proxies: {", ".join(KINDS)}. Other
programs on the machine disturb the figures: the ratios of one run are what counts."""


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Bench/run", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--binary", type=Path, required=True, help="the program under test (by default it is built)")
    parser.add_argument("--compare", type=Path, metavar="BINARY", help="another build, measured in the same rounds as 'compared'")
    parser.add_argument("--rounds", type=int, default=5, help="how often each proxy is measured; medians are shown (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="how long a measurement takes (default 2)")
    parser.add_argument("--quick", action="store_true", help="three rounds of one second: a look, not a figure")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="only these parts, works or proxies")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append one JSON line a figure")
    options = parser.parse_args()
    if unknown := set(options.only) - {*PARTS, *KINDS, *(work.name for work in WORKS)}:
        parser.error(f"--only knows no {', '.join(sorted(unknown))}")
    options.binary = options.binary.absolute()
    options.compare = options.compare and options.compare.absolute()
    if options.quick:
        options.rounds, options.seconds = 3, 1
    return options


def copied(binary, target):
    """A copy, so that a build that ends during the run changes nothing; says which bytes are measured."""
    if not binary.is_file():
        sys.exit(f"{binary} does not exist")
    shutil.copy2(binary, target)
    built = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(target.stat().st_mtime))
    print(f"{binary}: built {built}, SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()[:16]}…")
    return target


def raise_file_limit():
    """Ten thousand idle connections take two descriptors each in HAProxy; root may have them, others what they may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for limit in (DESCRIPTORS, hard):
        with suppress(ValueError, OSError):
            return resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, hard)))


def main():
    options = arguments()
    measured = str(options.binary)
    raise_file_limit()
    figures = Figures({work.name: work.baseline for work in WORKS})
    with tempfile.TemporaryDirectory(prefix="tombolo-bench-") as folder:
        # nginx's workers give up root and must still read the pages.
        Path(folder).chmod(0o755)
        options.binary = copied(options.binary, Path(folder) / "tombolo-binary")
        options.compare = options.compare and copied(options.compare, Path(folder) / "compared-binary")
        print(f"{os.cpu_count()} cores; load average before: {os.getloadavg()[0]:.1f} (without other programs: about 0)")
        Run(Path(folder), options, figures).everything()
    print("\nNot there yet:")
    for name, reason in MISSING.items():
        print(f"  {name}: missing: {reason}")
    if options.json:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        run = {"time": when, "binary": measured, "load": os.getloadavg()[1]}
        figures.write(options.json, run, MISSING)


main()
