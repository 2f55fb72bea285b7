"""The program under test, on a free port, with everything it keeps in one temporary folder."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from . import contract
from .processes import ROOT, Program, free_port


def binary():
    if named := os.environ.get("TOMBOLO_BINARY"):
        return Path(named)
    return Path(os.environ.get("TOMBOLO_SCRATCH") or ROOT / ".build") / "release" / "tombolo"


class Tombolo:
    """`sites` maps host names to upstream URLs; the first is the primary unless one is named."""

    def __init__(self, folder, sites, *, primary=None, port=None, **configuration):
        self.folder, self.sites = Path(folder), dict(sites)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.primary = primary or next(iter(self.sites))
        self.domains = self.folder / "brands.domains"
        self.config = self.folder / "tombolo.toml"
        self.store = self.folder / "tombolo.sqlite"
        self.log = self.folder / "tombolo.log"
        self.settings = configuration
        self.write()
        self.program = Program(
            "tombolo",
            [binary(), "run", "--config", self.config],
            port=self.port,
            log=self.log,
            env={"SHOP_SECRET_KEY": contract.SECRET, "SWIFT_BACKTRACE": "enable=no"},
        )

    def write(self):
        self.domains.write_text("".join(f"{host} {upstream}\n" for host, upstream in self.sites.items()))
        text = contract.configuration(port=self.port, folder=self.folder, primary=self.primary, **self.settings)
        self.config.write_text(text)

    def url(self, host, path="/"):
        return f"http://{host}:{self.port}{path}"

    def start(self):
        self.program.start()
        return self

    def stop(self):
        """Ends it as an operator would. Callers assert on the status where it matters."""
        return self.program.stop()

    def kill(self):
        return self.program.stop(signal.SIGKILL)

    def refusal(self):
        """What it has to say when it does not start."""
        command = [str(part) for part in self.program.command]
        ended = subprocess.run(
            command, env=self.program.env, capture_output=True, text=True, timeout=60, pass_fds=self.program.pass_fds
        )
        assert ended.returncode == 2, ended
        return ended.stderr

    def reload(self):
        self.program.send_signal(signal.SIGHUP)

    @property
    def is_running(self):
        return self.program.process is not None and self.program.process.poll() is None

    def logged(self):
        return self.log.read_text(errors="replace")

    def rows(self):
        """How many records the store holds."""
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(f"SELECT COUNT(*) FROM {contract.SESSIONS_TABLE}").fetchone()[0]
        finally:
            connection.close()

    def memory(self):
        """Resident memory now and at its highest, in MiB."""
        values = {}
        for line in Path(f"/proc/{self.program.pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("VmRSS", "VmHWM"):
                values[name] = int(rest.split()[0]) / 1024
        return values["VmRSS"], values["VmHWM"]

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(self.program.output(), file=sys.stderr)
        self.stop()
