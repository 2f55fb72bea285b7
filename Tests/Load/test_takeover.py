"""A new process takes over from an old one under load, and nobody notices: not one request fails."""

import socket
import time

import pytest

from support.activation import activated
from support.clients import Clients
from support.processes import eventually, free_port
from support.tombolo import Tombolo, binary

HOST = "shop.localhost"
TIMES = 5


@pytest.fixture
def take_over(program, tmp_path, echo):
    """Clients ask all the time while one Tombolo after the other takes the port over; returns what they counted."""
    running = []

    def start(new):
        running.append(new.start())
        eventually(lambda: '"ready"' in new.logged(), what="the new process")

    def go(make, overlapping=True):
        first = make(0)
        running.append(first.start())
        with Clients(first.port, HOST) as clients:
            eventually(lambda: clients.answered[200] > 100, what="the first answers")
            for number in range(1, TIMES + 1):
                new = make(number)
                if overlapping:
                    start(new)
                began = time.monotonic()
                assert running[0].stop() == 0
                assert time.monotonic() - began < 10
                del running[0]
                if not overlapping:
                    start(new)
                before = clients.answered[200]
                eventually(lambda: clients.answered[200] > before + 100, what="answers of the new process")
        print(f"{sum(clients.answered.values())} requests, {clients.reconnected} kept connections renewed, {len(clients.failures)} failures")
        return clients

    yield go
    for tombolo in running:
        print(tombolo.program.output())
        tombolo.stop()


def flawless(clients):
    assert clients.failures == []
    assert set(clients.answered) == {200}
    assert clients.reconnected >= TIMES, "no process told its clients to go"


def test_a_second_one_on_the_same_port(take_over, tmp_path, echo):
    port = free_port()

    def make(number):
        return Tombolo(tmp_path / str(number), {HOST: echo.url}, port=port, extra_listen="reuse_port = true")

    flawless(take_over(make))


DEBUGGING = pytest.mark.skipif(
    "debug" in binary().parts, reason="NIO, built for debugging, asserts that nobody else accepts from its sockets"
)


@pytest.mark.parametrize("overlapping", [pytest.param(True, marks=DEBUGGING), False], ids=["overlapping", "one after the other"])
def test_on_an_inherited_socket(take_over, tmp_path, echo, overlapping):
    """As systemd restarts a unit with sockets: one after the other, and who connects meanwhile waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        port = listener.getsockname()[1]

        def make(number):
            return activated(Tombolo(tmp_path / str(number), {HOST: echo.url}, port=port, http='"systemd"'), web=listener)

        flawless(take_over(make, overlapping))


def test_without_reuse_port_the_second_one_does_not_start(take_over, tmp_path, echo):
    port = free_port()
    sites = {HOST: echo.url}
    with Tombolo(tmp_path / "first", sites, port=port, extra_listen="reuse_port = true"):
        second = Tombolo(tmp_path / "second", sites, port=port)
        second.program.start()
        assert second.program.process.wait(20) == 2
        assert "cannot listen on" in second.logged()


def test_what_waits_to_be_accepted_at_the_end_is_answered(program, tmp_path, echo):
    """A burst of connections at the very moment of the signal: all that the kernel has accepted get their answer."""
    tombolo = Tombolo(tmp_path / "only", {HOST: echo.url}).start()
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    connections = [socket.create_connection(("127.0.0.1", tombolo.port)) for _ in range(300)]
    for connection in connections:
        connection.sendall(request)
    tombolo.program.send_signal(15)
    for connection in connections:
        with connection:
            connection.settimeout(10)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert tombolo.stop() == 0
