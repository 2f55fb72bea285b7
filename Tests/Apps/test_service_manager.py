"""systemd at both ends: sockets that it has opened, and what it is told."""

import os
import signal
import socket
import time

import pytest

from support.activation import activated
from support.raw import Raw, get

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def tcp():
    return socket.create_server(("127.0.0.1", 0), backlog=100)


def test_sockets_that_systemd_has_opened(make_tombolo, tmp_path):
    with tcp() as web, tcp() as other, socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door.sock"))
        door.listen()
        port = web.getsockname()[1]
        tombolo = activated(make_tombolo(http='"systemd"', port=port), web=web, other=other, door=door).start()
        assert get(port) == 200
        assert get(other.getsockname()[1]) == 200
        assert get(tmp_path / "door.sock") == 200
        tombolo.stop()
        assert (tmp_path / "door.sock").exists(), "the file is systemd's"


def test_sockets_by_name(make_tombolo):
    with tcp() as web, tcp() as other:
        port = web.getsockname()[1]
        tombolo = activated(make_tombolo(http='"systemd:web"', port=port), web=web, other=other).start()
        assert get(port) == 200
        with Raw(other.getsockname()[1], timeout=0.5) as raw:
            assert raw.send(REQUEST).answer() is None, "nobody was to accept there"
        assert "systemd:other" in tombolo.logged()
        tombolo.stop()


def test_nothing_is_lost_between_two_processes(make_tombolo):
    """The socket stays open, so connections wait for the next process."""
    with tcp() as web:
        port = web.getsockname()[1]
        for number in range(2):
            tombolo = activated(make_tombolo(http='"systemd"', port=port), web=web).start()
            if number:
                assert waiting.answer()[0] == 200
            assert get(port) == 200
            assert tombolo.stop() == 0
            if not number:
                waiting = Raw(port, timeout=30).send(REQUEST)


def test_no_socket_or_no_such_name_is_said(make_tombolo):
    message = make_tombolo(http='"systemd"').refusal()
    assert "no socket was passed" in message and ".socket" in message
    with tcp() as web:
        message = activated(make_tombolo(http='"systemd:wbe"'), web=web).refusal()
        assert "systemd:wbe" in message and "web" in message and "FileDescriptorName=" in message


def test_a_socket_that_does_not_listen_is_said(make_tombolo):
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, socket.socket() as idle:
        datagrams.bind(("127.0.0.1", 0))
        for wrong in (datagrams, idle):
            assert "ListenStream=" in activated(make_tombolo(http='"systemd"'), web=wrong).refusal()


def test_sockets_for_another_process_are_none_of_ours(make_tombolo):
    tombolo = make_tombolo(http='"systemd"')
    tombolo.program.env |= {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    assert "no socket was passed" in tombolo.refusal()


# What systemd is told


class Manager:
    """Listens as systemd does for a unit with Type=notify."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(10)

    def told(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told_of_start_reload_and_end(make_tombolo, tmp_path, kind):
    name = str(tmp_path / "notify") if kind == "path" else f"@tombolo-test-{os.getpid()}"
    manager = Manager(name.replace("@", "\0"))
    tombolo = make_tombolo()
    tombolo.program.env |= {"NOTIFY_SOCKET": name}
    tombolo.start()
    ready = manager.told()
    assert ready["READY"] == "1" and "1 domain" in ready["STATUS"]
    assert get(tombolo.port) == 200
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    tombolo.reload()
    reloading = manager.told()
    assert reloading["RELOADING"] == "1"
    assert before < int(reloading["MONOTONIC_USEC"]) < time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.told()["READY"] == "1"
    tombolo.program.send_signal(signal.SIGTERM)
    assert manager.told()["STOPPING"] == "1"
    assert tombolo.stop() == 0


def test_a_watchdog_gets_its_signs_of_life(make_tombolo, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    tombolo = make_tombolo()
    tombolo.program.env |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    tombolo.start()
    told = [manager.told() for _ in range(5)]
    assert [entry for entry in told if "WATCHDOG" in entry][2:], told
