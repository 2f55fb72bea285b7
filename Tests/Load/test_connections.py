"""More connections than there may be: file descriptors run out, or one address takes too many."""

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.processes import eventually
from support.raw import Raw
from support.tombolo import Tombolo
from support.upstreams import Scripted

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n\r\n".encode()
HEADER = "PROXY TCP4 {} 198.51.100.1 56324 443\r\n"


def processor_seconds(tombolo):
    fields = Path(f"/proc/{tombolo.program.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def descriptors(tombolo):
    return len(list(Path(f"/proc/{tombolo.program.pid}/fd").iterdir()))


LIMIT = 96


@pytest.fixture
def poor(program, tmp_path, echo):
    """A Tombolo that may open very few files."""
    tombolo = Tombolo(tmp_path / "poor", {HOST: echo.url})
    tombolo.program.command = ["prlimit", f"--nofile={LIMIT}:{LIMIT}", *tombolo.program.command]
    yield tombolo.start()
    print(tombolo.program.output())
    tombolo.stop()


def test_descriptors_run_out_and_come_back(poor):
    with ExitStack() as stack:
        early = stack.enter_context(Raw(poor.port, timeout=20))
        # Answered by ourselves: no connection to an upstream is made, or kept.
        assert early.send(b"GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n").answer()[0] == 421
        crowd = [stack.enter_context(Raw(poor.port, timeout=20)) for _ in range(2 * LIMIT)]
        eventually(lambda: "accepting pauses" in poor.logged(), what="the pause")
        assert descriptors(poor) >= LIMIT - 1

        # It does not spin, and says so once.
        before = processor_seconds(poor)
        time.sleep(2)
        assert processor_seconds(poor) - before < 0.2
        assert poor.logged().count("accepting pauses") == 1
        assert "LimitNOFILE" in poor.logged()

        # Whoever is in is served, as far as that is possible, and told whose fault it is where it is not.
        assert early.send(b"GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n").answer()[0] == 421
        code, _, body = early.send(REQUEST).answer()
        assert code == 503
        assert json.loads(body)["error"] == "out_of_descriptors"

        # Those who had to wait come in as others go.
        for raw in crowd[:-20]:
            raw.close()
        eventually(lambda: "accepting again" in poor.logged(), what="the end of the pause")
        eventually(lambda: descriptors(poor) < LIMIT / 2, what="free descriptors")
        for raw in crowd[-20:]:
            assert raw.send(REQUEST).answer()[0] == 200
        assert early.send(REQUEST).answer()[0] == 200
    with Raw(poor.port) as raw:
        assert raw.send(REQUEST).answer()[0] == 200


@pytest.fixture
def strict(start_tombolo):
    """A Tombolo that allows three connections of an address, which a header tells it."""
    return start_tombolo(
        {HOST: Scripted().url},
        extra_listen='trusted_proxies = ["127.0.0.1", "198.51.100.0/24"]\nproxy_protocol = true',
        extra="[limits]\nconnections_per_address = 3\n",
    )


def connect(stack, tombolo, address):
    """The status of a request on a connection that stays open; None if it was refused."""
    family = "TCP6" if ":" in address else "TCP4"
    header = f"PROXY {family} {address} {'::1' if ':' in address else '198.51.100.1'} 56324 443\r\n".encode()
    raw = stack.enter_context(Raw(tombolo.port))
    answer = raw.send(header + REQUEST).answer()
    return answer and answer[0], raw


def test_an_address_has_so_many_connections_and_no_more(strict):
    with ExitStack() as stack:
        held = [connect(stack, strict, "192.0.2.1") for _ in range(3)]
        assert [code for code, _ in held] == [200] * 3
        for _ in range(3):
            assert connect(stack, strict, "192.0.2.1")[0] is None
        # Another address has its own, and those who are in are left alone.
        assert connect(stack, strict, "192.0.2.2")[0] == 200
        assert held[0][1].send(REQUEST).answer()[0] == 200
        held[1][1].close()
        eventually(lambda: connect(stack, strict, "192.0.2.1")[0] == 200, what="the place that came free")
    assert strict.logged().count("connections_per_address") >= 1
    assert strict.logged().count("connections are refused") == 1, "told once a minute"


def test_an_ipv6_customer_has_many_addresses_and_counts_once(strict):
    with ExitStack() as stack:
        assert [connect(stack, strict, f"2001:db8:0:1:{n}::{n}")[0] for n in range(1, 5)] == [200, 200, 200, None]
        assert connect(stack, strict, "2001:db8:0:2::1")[0] == 200


@pytest.mark.parametrize("address", ["198.51.100.7", "127.0.0.1", "::1"])
def test_trusted_proxies_and_this_machine_have_no_limit(strict, address):
    with ExitStack() as stack:
        assert [connect(stack, strict, address)[0] for _ in range(8)] == [200] * 8


def test_connections_in_all(start_tombolo):
    tombolo = start_tombolo({HOST: Scripted().url}, extra="[limits]\nconnections = 3\n")
    with ExitStack() as stack:
        # The connection by which the start was noticed may not be gone yet.
        held = []

        def another():
            raw = stack.enter_context(Raw(tombolo.port))
            try:
                answer = raw.send(REQUEST).answer()
            except OSError:
                return False
            held.extend([raw] if answer else [])
            return answer

        eventually(lambda: another() and len(held) == 3, what="three connections")
        assert not another()
        held[0].close()
        eventually(another, what="the place that came free")
    assert "[limits] connections" in tombolo.logged()
