"""What a proxy takes up: its executable, its start, and its memory with idle connections and with stalled downloads."""

import re
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path

from .load import request_head
from .measure import processes


def sizes(contender):
    """MiB of the executable, and of the shared libraries that come with neither the C library nor its loader."""
    program = Path(shutil.which(contender.executable())).resolve()
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    libraries = {Path(path).resolve() for path in re.findall(r"=> (/\S+)", listed)}
    others = [path for path in libraries if not re.match(r"lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)[.-]", path.name)]
    return program.stat().st_size / 2**20, sum(path.stat().st_size for path in others) / 2**20


def start_time(contender, times=5):
    """Milliseconds from the start of the process until it accepts a connection; the median."""
    taken = []
    for _ in range(times):
        contender.prepare()
        program = contender.program
        with open(program.log, "ab") as log:
            begun = time.monotonic()
            program.process = subprocess.Popen(
                program.command, env=program.env, cwd=program.cwd, stdout=log, stderr=log, start_new_session=True)
        try:
            while not _accepts(contender.port) and time.monotonic() < begun + 20:
                time.sleep(0.0002)
            taken.append((time.monotonic() - begun) * 1e3)
        finally:
            contender.stop()
    return statistics.median(taken)


def _accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory(contender):
    """MiB of resident memory of all its processes; what several processes share counts once (PSS)."""
    total = 0
    for pid in processes(contender.session):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])
    return total / 1024


def settled(contender, every=0.5):
    """The memory once it does not grow any more."""
    last = [memory(contender)]
    while len(last) < 60 and (len(last) < 4 or max(last[-4:]) - min(last[-4:]) > 0.25):
        time.sleep(every)
        last.append(memory(contender))
    return last[-1]


class StalledDownloads:
    """Connections that have asked for something large and read nothing of it."""

    def __init__(self, work, contender):
        self.request = request_head(work, contender)
        self.port, self.sockets = contender.port, []

    def grow(self, count):
        """Opens connections until there are so many. Returns whether all were accepted."""
        while len(self.sockets) < count:
            one = socket.socket()
            self.sockets.append(one)
            # Less than this the kernel does not give; more would only hold more of the download in the kernel.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(5)
            try:
                one.connect(("127.0.0.1", self.port))
                one.sendall(self.request)
            except OSError:
                return False
        return True

    def close(self):
        for one in self.sockets:
            one.close()


class IdleConnections:
    """Connections that have had one answer each and now wait."""

    def __init__(self, work, contender):
        self.request = request_head(work, contender)
        self.port, self.sockets = contender.port, []

    def grow(self, count):
        """Opens connections until there are so many. Returns whether all were answered."""
        while len(self.sockets) < count:
            try:
                one = socket.create_connection(("127.0.0.1", self.port), timeout=5)
                self.sockets.append(one)
                one.sendall(self.request)
                answer = b""
                while b"\r\n\r\n" not in answer or len(answer) - answer.index(b"\r\n\r\n") - 4 < 1024:
                    part = one.recv(65_536)
                    if not part:
                        return False
                    answer += part
            except OSError:
                return False
        return True

    def close(self):
        for one in self.sockets:
            one.close()
