"""User instructions per request, counted by valgrind: the one figure that other programs on the machine do not disturb."""

import http.client
import re
import shutil
import subprocess

from .contenders import Compared, Tombolo
from .load import request_fields

FEW, MANY = 200, 1200


class NotCounted(Exception):
    """Why there is no figure."""


class Stripped:
    """Tombolo without debug information, which Debian's valgrind cannot read.

    Built with `--static-swift-stdlib`, that is: that valgrind crashes in the shared libraries of Swift.
    """

    def command(self, configuration):
        stripped = self.folder / f"{self.name}-stripped"
        if not stripped.exists():
            subprocess.run(["strip", "--strip-debug", "-o", stripped, self.binary], check=True)
        return [stripped, "run", "--config", configuration]


class StrippedTombolo(Stripped, Tombolo):
    pass


class StrippedCompared(Stripped, Compared):
    pass


STRIPPED = {"tombolo": StrippedTombolo, "compared": StrippedCompared}


def per_request(make):
    """Instructions per request: the difference between many requests and few, one after the other on one connection.

    Raises `NotCounted` with the reason where that cannot be done.
    """
    if reason := make().missing():
        raise NotCounted(reason)
    if not shutil.which("valgrind"):
        raise NotCounted("valgrind is not installed")
    return (_counted(make(), MANY) - _counted(make(), FEW)) / (MANY - FEW)


def _counted(contender, requests):
    folder = contender.folder / f"callgrind-{contender.name}-{contender.work.name}-{requests}"
    folder.mkdir()
    folder.chmod(0o777)  # nginx's workers, which are not root, write their counts there
    tool = ["valgrind", "--quiet", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={folder}/%p"]
    contender.prepare(wrapper=tool)
    contender.program.ready_within = 120
    try:
        contender.program.start()
    except AssertionError as failed:
        trouble = re.search(r"VALGRIND INTERNAL ERROR: .*", contender.program.log.read_text(errors="replace"))
        raise NotCounted(trouble[0] if trouble else str(failed).splitlines()[0]) from None
    try:
        connection = http.client.HTTPConnection("127.0.0.1", contender.port, timeout=60)
        for _ in range(requests):
            connection.request("GET", contender.work.path, headers=request_fields(contender.work, contender))
            connection.getresponse().read()
        connection.close()
    finally:
        contender.stop()
    totals = [re.search(r"^(?:totals|summary): (\d+)", file.read_text(), re.MULTILINE) for file in folder.iterdir()]
    return sum(int(total[1]) for total in totals if total)
