"""What a connection costs in memory: one that waits for its next request, and one whose client does not read."""

import re
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

from support.processes import eventually

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def resident(tombolo):
    """KiB that belong to the process alone: what malloc has taken, without files."""
    text = Path(f"/proc/{tombolo.program.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+)", text, re.MULTILINE)[1])


def connect(stack, tombolo, receive_buffer=None):
    one = stack.enter_context(socket.socket())
    if receive_buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.settimeout(20)
    one.connect(("127.0.0.1", tombolo.port))
    return one


def answered(stack, tombolo):
    """A connection that has had an answer and waits."""
    one = connect(stack, tombolo)
    one.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        part = one.recv(65536)
        assert part
        answer += part
    return one


def test_idle_connections(three):
    """A connection lets go of what it does not need when others have been answered since."""
    with ExitStack() as stack:
        for _ in range(2_200):
            answered(stack, three)
        before = resident(three)
        for _ in range(2_000):
            answered(stack, three)
        each = (resident(three) - before) / 2_000
    print(f"{each:.1f} KiB for each idle connection")
    assert each < 6


def test_stalled_downloads(three):
    """What is held for a client that does not read is bounded, however much the app would send."""
    count = 100
    with ExitStack() as stack:
        for _ in range(20):
            answered(stack, three)
        before = resident(three)
        for _ in range(count):
            one = connect(stack, three, 4096)
            one.sendall(f"GET /down/{1 << 30} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        last = []

        def is_still():
            last.append(resident(three))
            return len(last) > 4 and max(last[-4:]) - min(last[-4:]) < 64

        eventually(is_still, 30, 0.5, "an end of the growth")
        each = (last[-1] - before) / count
    print(f"{each:.0f} KiB for each stalled download")
    assert each < 640


def test_a_client_that_asks_and_takes_no_answer(three):
    """Answers that are made here are not made any faster than they are taken: it is asked no further."""
    with ExitStack() as stack:
        answered(stack, three)
        before = resident(three)
        one = connect(stack, three, 4096)
        one.settimeout(2)
        request = b"GET / HTTP/1.1\r\nHost: nobody.localhost\r\nAccept: text/html\r\n\r\n" * 1_000
        sent = 0
        try:
            while sent < 64 << 20:
                sent += one.send(request)
        except TimeoutError:
            pass
        growth = resident(three) - before
        print(f"{sent >> 10} KiB of requests taken, {growth} KiB held")
        assert sent < 64 << 20, "they were all taken"
        assert growth < 4 << 10


def test_requests_that_give_up_while_others_wait(start_tombolo):
    """The queue for an upstream's connections never moves as long as those in use stay so; who has left must go from it."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent, ExitStack() as stack:
        tombolo = start_tombolo(
            {HOST: f"http://127.0.0.1:{silent.getsockname()[1]}"},
            extra='[limits]\nupstream_connections = 1\n[timeouts]\npending = "10m"\n')
        for _ in range(40):
            connect(stack, tombolo).sendall(REQUEST)

        def leave(count):
            for _ in range(count):
                with socket.create_connection(("127.0.0.1", tombolo.port)) as client:
                    client.sendall(REQUEST)
                    time.sleep(0.0003)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        leave(1_000)
        before = resident(tombolo)
        leave(6_000)
        grown = resident(tombolo) - before
        print(f"{grown} KiB for 6,000 requests that were given up")
        assert grown < 10 * 1024
