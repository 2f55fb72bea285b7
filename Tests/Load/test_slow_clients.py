"""slowhttptest in all its four modes: whoever is slow is cut off, and nobody else notices."""

import csv
import os
import re
import subprocess
import threading
import time

import pytest

from support.raw import Raw
from test_memory import resident

# An address: the tool asks the resolver for names, and not every one knows those under localhost.
HOST = "127.0.0.1"
SLOW = 100

# Short, so that the test is; what they are for is as in earnest.
LIMITS = """
[limits]
request_rate = "512B"
response_rate = "4KiB"
[timeouts]
head = "3s"
idle = "3s"
stall = "3s"
"""


class Others:
    """Somebody who uses the site all the while, one request a connection, and notes how long each took."""

    def __init__(self, tombolo):
        self.tombolo, self.taken, self.failed = tombolo, [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.05):
            begun = time.monotonic()
            try:
                with Raw(self.tombolo.port, 10) as raw:
                    answer = raw.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()
            except OSError as error:
                answer = error
            if not isinstance(answer, tuple) or answer[0] != 200:
                self.failed.append(answer)
            self.taken.append(time.monotonic() - begun)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def connections(tombolo):
    """How many connections to its listener the process has."""
    port = f":{tombolo.port:04X}"
    inodes = set()
    for line in open(f"/proc/{tombolo.program.pid}/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(port) and fields[3] == "01":
            inodes.add(fields[9])
    held = set()
    for name in os.listdir(f"/proc/{tombolo.program.pid}/fd"):
        try:
            held.add(os.readlink(f"/proc/{tombolo.program.pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return sum(f"socket:[{inode}]" in held for inode in inodes)


@pytest.mark.parametrize("mode", [
    pytest.param(["-H", "-i", "1", "-x", "10"], id="headers"),
    pytest.param(["-B", "-i", "1", "-x", "10", "-s", "100000"], id="body"),
    pytest.param(["-R", "-i", "1"], id="ranges"),
    pytest.param(["-X", "-n", "1", "-z", "32", "-w", "512", "-y", "1024", "-k", "1"], id="read"),
])
def test_slow_clients(start_tombolo, echo, tmp_path, mode):
    tombolo = start_tombolo({HOST: echo.url}, extra=LIMITS)
    with Raw(tombolo.port) as raw:
        assert raw.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()[0] == 200
    target = f"http://{HOST}:{tombolo.port}" + (f"/down/{8 << 20}" if mode[0] == "-X" else "/")
    before = resident(tombolo)
    seen = tmp_path / "slow"
    command = ["slowhttptest", *mode, "-c", SLOW, "-r", "50", "-l", "15", "-p", "5", "-g", "-o", seen, "-u", target]
    with Others(tombolo) as others, open(tmp_path / "output", "w") as output:
        program = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output)
        peak, held = 0, []
        while program.poll() is None:
            peak = max(peak, resident(tombolo))
            held.append(connections(tombolo))
            time.sleep(0.2)
    rows = list(csv.DictReader(open(f"{seen}.csv")))
    text = re.sub(r"\x1b\[[0-9;]*m", "", (tmp_path / "output").read_text())
    print(rows[-1], f"others: {len(others.taken)} requests, {max(others.taken):.2f} s at most;",
          f"memory: {before} KiB, {peak} KiB at most; connections: {max(held)} at most, then {held[-1]}")
    assert program.returncode == 0, text[-2000:]
    # The attack took place, and every one of its connections was ended while it still went on.
    assert max(held) > SLOW / 2 or mode[0] == "-R"
    if mode[0] == "-X":
        # The tool reads so slowly that it does not notice. One connection is of the others, and one the tool's probe.
        assert held[-1] <= 2, held
    else:
        assert "No open connections left" in text, text[-2000:]
    assert all(int(row["Service Available"]) > 0 for row in rows), "the tool's own probe was not answered"
    assert not others.failed and len(others.taken) > 10 and max(others.taken) < 2
    assert peak - before < 64 * 1024


def test_a_slow_reader_is_reset(start_tombolo, echo):
    tombolo = start_tombolo({HOST: echo.url}, extra=LIMITS)
    with Raw(tombolo.port, 30) as raw:
        raw.send(f"GET /down/{64 << 20} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        time.sleep(6)
        received = 0
        with pytest.raises(ConnectionResetError):
            while part := raw.socket.recv(1 << 20):
                received += len(part)
        assert received < 64 << 20
