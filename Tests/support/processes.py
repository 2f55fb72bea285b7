"""Starting programs on free loopback ports, and ending exactly those."""

import os
import signal
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition, seconds=10.0, every=0.05, what="the condition"):
    """Waits until `condition()` is true and returns its value; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {seconds} s; last value: {value!r}")
        time.sleep(every)


class Program:
    """One process in a process group of its own, with its output in a file."""

    def __init__(self, name, command, *, port, log, env=None, cwd=None, ready_within=30):
        self.name, self.command, self.port, self.log = name, [str(part) for part in command], port, Path(log)
        self.env, self.cwd, self.ready_within = {**os.environ, **(env or {})}, cwd, ready_within
        self.process = None
        self.pass_fds = ()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
            )
        end = time.monotonic() + self.ready_within
        while not accepts(self.port):
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}.\n{self.output()}")
            if time.monotonic() > end:
                self.stop()
                raise AssertionError(f"{self.name} did not listen on {self.port} in time.\n{self.output()}")
            time.sleep(0.02)
        return self

    def output(self):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"--- {' '.join(self.command)}\n{text[-8000:]}\n---"

    def send_signal(self, number):
        os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM, within=20):
        """Ends the process and whatever it started; returns its exit status."""
        if self.process is None:
            return None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            status = self.process.wait(within)
        except subprocess.TimeoutExpired:
            status = None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        return status
