"""Bodies of a gibibyte both ways, whole, at constant memory."""

import hashlib
import threading
import time

import pytest

from support.echo import blocks, digest
from support.raw import Raw

SIZE = 1 << 30
MORE = 48  # MiB that the process may grow by, whatever the size of the body


class Memory:
    """Samples the resident memory of Tombolo while a block of the test runs."""

    def __init__(self, tombolo):
        self.tombolo, self.peak = tombolo, 0

    def __enter__(self):
        self.before, _ = self.tombolo.memory()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.ended.wait(0.02):
            self.peak = max(self.peak, self.tombolo.memory()[0])

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.after, highest = self.tombolo.memory()
        print(f"memory in MiB: {self.before:.0f} before, {self.peak:.0f} at most, {self.after:.0f} after, {highest:.0f} ever")

    @property
    def growth(self):
        return self.peak - self.before


@pytest.fixture
def warm(three):
    """A Tombolo that has carried a body of 16 MiB already, so that growth is not the start of the process."""
    for _ in range(2):
        download(three, 16 << 20)
    return three


def download(tombolo, size, *, wait=0.0, seconds=0):
    with Raw(tombolo.port, timeout=120) as raw:
        path = f"/down/{size}/{seconds}" if seconds else f"/down/{size}"
        raw.send(f"GET {path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".encode())
        while b"\r\n\r\n" not in raw.buffer:
            assert raw._more()
        head, _, rest = raw.buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        time.sleep(wait)
        sum, got = hashlib.sha256(rest), len(rest)
        while got < size:
            part = raw.socket.recv(1 << 20)
            assert part, f"ended after {got} bytes"
            sum.update(part)
            got += len(part)
        return sum.hexdigest()


def upload(tombolo, size, *, chunked=False):
    with Raw(tombolo.port, timeout=120) as raw:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        raw.send(f"POST /up HTTP/1.1\r\nHost: club.localhost\r\n{framing}\r\n\r\n".encode())
        for block in blocks(size):
            raw.send(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
        if chunked:
            raw.send(b"0\r\n\r\n")
        status, _, body = raw.answer()
        assert status == 200, body
        return body.decode()


def test_download(warm):
    with Memory(warm) as memory:
        assert download(warm, SIZE) == digest(SIZE)
    assert memory.growth < MORE


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_upload(warm, chunked):
    with Memory(warm) as memory:
        answer = upload(warm, SIZE, chunked=chunked)
    assert digest(SIZE) in answer and str(SIZE) in answer
    assert memory.growth < MORE


def test_a_reader_that_pauses_stops_the_upstream_and_not_the_proxy(warm):
    with Memory(warm) as memory:
        assert download(warm, 256 << 20, wait=3) == digest(256 << 20)
    assert memory.growth < MORE


def test_eight_at_once(warm):
    sums = []
    with Memory(warm) as memory:
        threads = [threading.Thread(target=lambda: sums.append(download(warm, 64 << 20))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sums == [digest(64 << 20)] * 8
    assert memory.growth < 2 * MORE
