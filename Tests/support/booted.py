"""A bare tree with systemd in it, booted: the real thing reads the units and does what they say. It shares the network
with the tests, and nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

from .bare_tree import call, environment
from .processes import eventually


class Booted:
    def __init__(self, tree, log):
        self.tree, self.log, self.process, self.first = tree, Path(log), None, None

    def start(self):
        program = shutil.which("systemd-nspawn")
        assert program, "systemd-nspawn is missing: apt-get install systemd-container"
        # Not registered with this computer's own systemd, which need not run.
        options = ["--boot", "--keep-unit", "--register=no", "--console=pipe", "--quiet"]
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [program, *options, "--directory", str(self.tree.folder)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.first = eventually(self._first_process, 30, what="the container's first process")
        eventually(self._is_up, 60, every=0.2, what=f"the end of the boot\n{self.log.read_text(errors='replace')}")
        return self

    def _first_process(self):
        assert self.process.poll() is None, self.log.read_text(errors="replace")
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        started = [pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd"]
        return started[0] if started else None

    def _is_up(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *command, **options):
        enter = ["nsenter", "--target", self.first, "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"]
        return call(*enter, *command, **{"env": environment(), **options})

    def show(self, unit, name):
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def journal(self, unit="tombolo"):
        return self.run("journalctl", "--no-pager", "--unit", unit).stdout

    def stop(self):
        if self.process is None:
            return
        # nspawn tells the first process to power off.
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            # With the first process, all of its namespace end.
            if self.first:
                os.kill(int(self.first), 9)
            self.process.kill()
            self.process.wait()
        self.process = None
