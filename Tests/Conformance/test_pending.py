"""What waits for a connection to an app that has none left: how many may, for how long, and what they are told."""

import os
import socket
import threading
import time
from contextlib import ExitStack, closing

import pytest

from support.inside import Inside
from support.processes import eventually
from support.raw import Raw

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
# What is allowed in all is shared equally by the event loops, one a processor.
LOOPS = len(os.sched_getaffinity(0))


class Slow:
    """An upstream that answers nobody until it is told to, and counts its connections."""

    def __init__(self):
        self.listener, self.connections = socket.create_server(("127.0.0.1", 0), backlog=128), []
        self.may_answer = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        while True:
            try:
                self.connections.append(self.listener.accept()[0])
            except OSError:
                return
            threading.Thread(target=self.serve, args=(self.connections[-1],), daemon=True).start()

    def serve(self, connection):
        with closing(connection):
            while connection.recv(65536):
                self.may_answer.wait(30)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.fixture
def slow():
    upstream = Slow()
    yield upstream
    upstream.may_answer.set()
    upstream.listener.close()


def ask(stack, tombolo, count):
    return [stack.enter_context(closing(Raw(tombolo.port, 10))).send(REQUEST) for _ in range(count)]


def test_the_queue_is_bounded(start_tombolo, slow):
    """With as many connections as processors and nobody waiting, each processor has one request under way at a time."""
    inside = Inside()
    limits = f'{inside.section}[limits]\nupstream_connections = {LOOPS}\npending = 0\n'
    tombolo = start_tombolo({HOST: slow.url}, extra=limits)
    with ExitStack() as stack:
        answers = [None] * 8 * LOOPS
        asked = ask(stack, tombolo, len(answers))
        threads = [threading.Thread(target=lambda at=at: answers.__setitem__(at, asked[at].answer())) for at in range(len(asked))]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        slow.may_answer.set()
        for thread in threads:
            thread.join()
    refused = [head for status, head, _ in answers if status == 503]
    assert len(slow.connections) <= LOOPS
    assert len(refused) >= len(answers) - LOOPS
    assert all(b"Retry-After: 1\r\n" in head + b"\r\n" for head in refused)
    assert all(b"upstream_overloaded" in body for status, _, body in answers if status == 503)
    assert inside.numbers().sum("tombolo_limit_hits_total", limit="pending") == len(refused)


def test_waiting_takes_no_longer_than_it_may(start_tombolo, slow):
    inside = Inside()
    limits = f'{inside.section}[limits]\nupstream_connections = {LOOPS}\n[timeouts]\npending = "1s"\n'
    tombolo = start_tombolo({HOST: slow.url}, extra=limits)
    with ExitStack() as stack:
        ask(stack, tombolo, 8 * LOOPS)
        time.sleep(0.2)
        # On every processor somebody is being served by now, or this one will be.
        begun = time.monotonic()
        late = [raw.answer() for raw in ask(stack, tombolo, 1)]
        assert 0.8 < time.monotonic() - begun < 5
        assert late[0][0] == 503 and b"upstream_busy" in late[0][2], late
        # Those who waited before have waited as long.
        told = 8 * LOOPS + 1 - len(slow.connections)
        eventually(lambda: inside.numbers().sum("tombolo_limit_hits_total", limit="pending_time") == told)


def test_those_who_wait_are_served_when_a_connection_comes_free(start_tombolo, slow):
    inside = Inside()
    tombolo = start_tombolo({HOST: slow.url}, extra=f"[limits]\nupstream_connections = {LOOPS}\n{inside.section}")

    def at_the_upstream():
        numbers = inside.numbers()
        waiting = numbers.sum("tombolo_upstream_waiting_requests", upstream=slow.url)
        return waiting, numbers.sum("tombolo_upstream_connections", upstream=slow.url, state="active")

    with ExitStack() as stack:
        asked = ask(stack, tombolo, 8 * LOOPS)
        waiting, active = eventually(lambda: (told := at_the_upstream()) and sum(told) == len(asked) and told)
        assert waiting > 0 and active <= LOOPS
        slow.may_answer.set()
        assert [raw.answer()[0] for raw in asked] == [200] * len(asked)
        assert at_the_upstream()[0] == 0
    assert len(slow.connections) <= LOOPS
